"""Exposure categories: what labelled wallets are grouped by.

The label contract takes any text as ``category``, since every source has words of its own. This is
the one place where those words become a category of exposure: our own words first, then the
concepts of the taxonomies of :mod:`features.contracts.concepts`, each in the category of its
nearest ancestor that has one. A category is a statement about a wallet, so a word that does not say
it, such as "blocked" or "malicious", is of category other.
"""

from collections import Counter
from collections.abc import Iterable

from features.contracts.concepts import CONCEPTS, as_word

_WORDS = {
    "phishing": (
        "phishing phish phisher fake_phishing scam scammer fraud ponzi ponzi_scheme pyramid_scheme "
        "investment_fraud honeypot rug_pull crime_fraud"
    ),
    "theft": (
        "theft hack hacker heist exploit exploiter service_hack stolen_funds stolen attack "
        "crime_theft crime_cyber"
    ),
    "ransomware": "ransomware ransom extortion sextortion",
    "darknet": "darknet darknet_market dark_market market drugs carding crime_traffick_drug",
    "child_sexual_abuse": (
        "child_sexual_abuse csam child_abuse child_sexual_abuse_material child_abuse_material "
        "child_sexual_abuse_material_csam child_sexual_exploitation csem "
        "child_sexual_exploitation_material abuse_material child_pornography child_porn"
    ),
    "abuse": (
        "abuse sexual_abuse trafficking human_trafficking crime_traffick crime_traffick_human "
        "violence terrorism terrorist terror crime_terror terrorist_financing "
        "terrorism_financing extremism"
    ),
    "sanctioned": (
        "sanctioned sanction sanctioned_entity ofac ofac_sdn ofac_sdn_list sdn sdn_list "
        "ofac_sanctioned ofac_sanction ofac_sanctions_list gov_black_list"
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
OTHER = "other"
CATEGORIES = (*_WORDS, OTHER)
_OTHER = CATEGORIES.index(OTHER)
_OF_WORD = {word: category for category, words in _WORDS.items() for word in words.split()}
for _concept in CONCEPTS:
    for _word in _concept.words:
        _OF_WORD.setdefault(_word, _concept.category)
_PLACE = {word: CATEGORIES.index(category) for word, category in _OF_WORD.items()}
CATEGORY_WORDS = tuple(
    f"{category}: {' '.join(word for word, of in _OF_WORD.items() if of == category)}"
    for category in _WORDS
)


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
    >>> CATEGORIES[category_place('dark-web:topic="child-sexual-abuse-material"')]
    'child_sexual_abuse'
    >>> CATEGORIES[category_place("unspecified")]
    'other'
    """
    word = as_word(text)
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
