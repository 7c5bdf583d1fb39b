"""What experiments share: data, flags, the engine, statistics, results and the report."""
