"""Exposure categories: what labelled wallets are grouped by.

The label contract takes any text as ``category``, since every source has words of its own. This is
the one place where those words become a category of exposure.
"""

_WORDS = {
    "phishing": (
        "phishing scam fraud dodgy malicious malicious_contract darklist ponzi_scheme "
        "pyramid_scheme investment_fraud fake_phishing honeypot rug_pull spam_token"
    ),
    "theft": "theft hack heist exploit exploiter service_hack stolen_funds stolen attack",
    "ransomware": "ransomware ransom extortion sextortion",
    "darknet": "darknet darknet_market dark_market market drugs carding",
    "abuse": "abuse abuse_material csam child_abuse trafficking terrorism extremism",
    "sanctioned": (
        "sanctioned sanction sanctions ofac ofac_sanctions_lists sanctioned_entity black_list "
        "blacklist blocked"
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
_PLACE = {word: place for place, words in enumerate(_WORDS.values()) for word in words.split()}


def category_place(text: str) -> int:
    """Place in ``CATEGORIES`` of a label's category; that of "other" for a word not known here.

    Upper case counts as lower case, spaces and hyphens as underscores.

    Examples
    --------
    >>> CATEGORIES[category_place("Mixing service")]
    'mixer'
    >>> CATEGORIES[category_place("unspecified")]
    'other'
    """
    word = text.strip().casefold().replace(" ", "_").replace("-", "_")
    return _PLACE.get(word, CATEGORIES.index("other"))
