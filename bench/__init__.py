"""Benchmarks: ``python -m bench [name ...]``. Each stands beside bare SQL in the same run."""
