"""Shows what docs/dns.md should show, or writes it into the page; or measures how many VPCs come live in which time."""

import argparse
import sys

from tests.aws import EmbeddedAws
from tests.shapes import page
from tests.shapes.converge import converge
from tests.shapes.shapes import SHAPES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.shapes", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the blocks into docs/dns.md")
    parser.add_argument("--converge", type=int, metavar="VPCS", help="measure, with a sweep each minute")
    arguments = parser.parse_args()
    with EmbeddedAws() as aws:
        if arguments.converge:
            converge(aws, arguments.converge)
            return 0
        blocks = {name: text for shape in SHAPES.values() for name, text in shape(aws).items()}
    if not arguments.write:
        for name, text in blocks.items():
            print(f"<!-- {name} -->\n{text}\n")
        return 0
    missing = blocks.keys() - page.blocks().keys()
    if missing:
        print(f"docs/dns.md has no block for: {', '.join(sorted(missing))}", file=sys.stderr)
        return 1
    page.write(blocks)
    return 0


if __name__ == "__main__":
    sys.exit(main())
