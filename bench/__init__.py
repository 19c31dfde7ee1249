"""The benchmarks: each prints what ours does beside the raw engine it stands on, measured in the same run."""
