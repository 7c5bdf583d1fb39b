"""The learning-rate finder: a range test over seeds, what known rules suggest, and their regret."""
