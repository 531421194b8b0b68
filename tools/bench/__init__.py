"""Benchmarks of the firmware on this PC: one small file each, listed in __main__.

A benchmark is a module with `KEY` and `run(bench) -> Result`. The keys and what they mean to
users are fixed; how one is measured is said at the top of its file.
"""
