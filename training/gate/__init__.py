"""The gate before the alias ``champion``: a test with evidence, alarms and a record of who decided.

A run gathers the evidence (:mod:`training.gate.evidence`); promoting reads what was logged and
judges only that (:mod:`training.gate.promotion`).
"""
