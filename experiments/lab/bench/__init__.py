"""The benchmark's measuring: the machine's peak, our engine, the peers, and a contest that takes turns among them.

All but peers.py and chart.py need only what jaxnn needs, so the benchmark runs wherever JAX does.
"""
