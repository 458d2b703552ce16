"""What docs/dns.md shows of plans and messages: made by the real function, one small world for each network shape.

`.venv/bin/python -m tests.shapes --write` puts them into the page; the tests compare.
"""
