"""Rewrite the golden tables of all views, or of those that are named: python -m tests.golden."""

import sys

from features import VIEWS
from tests.golden.tables import OF_COINS, coins, demo, rewrite

wanted = set(sys.argv[1:]) or {view.name for view in VIEWS}
asked, of_coins = demo(), coins()
refusals = [
    rewrite(view, of_coins if view in OF_COINS else asked) for view in VIEWS if view.name in wanted
]
sys.exit("\n".join(filter(None, refusals)) or None)
