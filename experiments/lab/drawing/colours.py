"""Okabe & Ito's colours, which colour-blind readers can tell apart, on a light and a dark page.

Some are darkened for the light page or lightened for the dark one.
"""

LIGHT = ("#0072B2", "#D98200", "#009E73", "#D55E00", "#CC79A7", "#3FA0DB", "#8F7F00", "#7A7A7A")
DARK = ("#4FA6E0", "#F0B03C", "#2BC49A", "#F2793F", "#E29AC4", "#8AD0F7", "#CFC04A", "#A8A8A8")
