"""Adds up JUnit reports into the closing line of `./dev test`; fails if any test failed, or if none ran."""

import sys
import xml.etree.ElementTree


def main(reports):
    passed = failed = skipped = 0
    for report in reports:
        for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
            kinds = {child.tag for child in case}
            if kinds & {"failure", "error"}:
                failed += 1
                print(f"FAILED {case.get('classname')} {case.get('name')}")
            elif "skipped" in kinds:
                skipped += 1
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
