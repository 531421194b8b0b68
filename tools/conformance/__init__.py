"""`make conformance`: the conversations of tests_device/ over a real port, and a report of them.

`collect` gathers what each test did, `compare` sets two firmwares' bytes side by side, `report`
writes the page. The tests themselves are in tests_device/.
"""
