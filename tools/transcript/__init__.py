"""Transcripts: files that read like a terminal session, played against a module.

grammar parses a file into steps, matching compares what came with what is expected, player plays
the steps, report writes failures for people, seen records which commands ran.
The language is described in tests_device/README.md.
"""
