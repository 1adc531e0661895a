"""Exposure categories: what labelled wallets are grouped by.

The label contract takes any text as ``category``, since every source has words of its own. This is
the one place where those words become a category of exposure. A category is a statement about a
wallet, so a word that does not say it, such as "blocked" or "malicious", is of category other.
"""

import re
from collections import Counter
from collections.abc import Iterable

_WORDS = {
    "phishing": (
        "phishing phish phisher fake_phishing scam scammer fraud ponzi ponzi_scheme pyramid_scheme "
        "investment_fraud honeypot rug_pull"
    ),
    "theft": "theft hack hacker heist exploit exploiter service_hack stolen_funds stolen attack",
    "ransomware": "ransomware ransom extortion sextortion",
    "darknet": "darknet darknet_market dark_market market drugs carding",
    "abuse": (
        "abuse abuse_material csam child_abuse trafficking terrorism terrorist terrorist_financing "
        "terrorism_financing extremism"
    ),
    "sanctioned": (
        "sanctioned sanction sanctioned_entity ofac ofac_sdn ofac_sdn_list sdn sdn_list "
        "ofac_sanctioned ofac_sanction ofac_sanctions_list"
    ),
    "mixer": (
        "mixer mixing mixing_service coinjoin tumbler tornado tornado_cash ethereum_mixer "
        "privacy_protocol"
    ),
    "gambling": "gambling casino lottery betting",
    "exchange": (
        "exchange cex hosted_exchange centralized_exchange binance bitfinex bithumb bitmex "
        "bitstamp bittrex bybit coinbase cobinhood crypto_com deribit gate_io gemini hitbtc huobi "
        "kraken kucoin liqui okex okx poloniex upbit yobit zaif"
    ),
    "mining": "mining miner mining_pool miningpoolhub f2pool ethermine nanopool sparkpool",
}
CATEGORIES = (*_WORDS, "other")
CATEGORY_WORDS = tuple(f"{category}: {words}" for category, words in _WORDS.items())
_OTHER = CATEGORIES.index("other")
_PLACE = {word: place for place, words in enumerate(_WORDS.values()) for word in words.split()}


def category_place(text: str) -> int:
    """Place in ``CATEGORIES`` of a label's category; that of "other" for a word not known here.

    Upper case counts as lower case, whatever is no letter or digit as a space, and a plural with s
    as its singular.

    Examples
    --------
    >>> CATEGORIES[category_place("Mixing service")]
    'mixer'
    >>> CATEGORIES[category_place("Tornado.Cash")]
    'mixer'
    >>> CATEGORIES[category_place("unspecified")]
    'other'
    """
    word = re.sub(r"[\W_]+", "_", text.casefold()).strip("_")
    return _PLACE.get(word, _PLACE.get(word.removesuffix("s"), _OTHER))


def other_words(texts: Iterable[str]) -> dict[str, int]:
    """Count the texts of category other, the most frequent first, then in alphabetical order.

    Examples
    --------
    >>> other_words(["scam", "wash trading", "gaming", "gaming"])
    {'gaming': 2, 'wash trading': 1}
    """
    ranked = sorted(Counter(texts).items(), key=lambda counted: (-counted[1], counted[0]))
    return {text: count for text, count in ranked if category_place(text) == _OTHER}
