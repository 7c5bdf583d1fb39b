"""The equipment that the experiments share: data, flags, the run loop, statistics, results and the report."""
