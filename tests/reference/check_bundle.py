"""Checks a bundle with other people's tools: tar, sha256sum, bagit-python and roc-validator.

    pip install bagit roc-validator
    python tests/reference/check_bundle.py FILE.tar [--context URL=FILE ...]

roc-validator fetches the JSON-LD contexts that a crate names; `--context` takes one from a file, for
machines without network. Ends with 0 when everything that is required passes.
"""

import argparse
import logging
import pathlib
import subprocess
import sys
import tempfile

PROFILE = "provenance-run-crate"


def unpack(archive: str, to: str) -> pathlib.Path:
    subprocess.run(["tar", "xf", archive, "-C", to], check=True)
    (top,) = pathlib.Path(to).iterdir()
    return top


def check_sums(top: pathlib.Path) -> bool:
    passed = True
    for name in ["manifest-sha256.txt", "tagmanifest-sha256.txt"]:
        ended = subprocess.run(["sha256sum", "-c", "--quiet", name], cwd=top)
        count = len((top / name).read_text().splitlines())
        print(f"sha256sum -c {name}: {'ok' if ended.returncode == 0 else 'FAILED'}, {count} lines")
        passed = passed and ended.returncode == 0
    return passed


def check_bag(top: pathlib.Path) -> bool:
    import bagit

    logging.getLogger("bagit").setLevel(logging.ERROR)
    try:
        bag = bagit.Bag(str(top))
        bag.validate()
    except bagit.BagError as error:
        print(f"bagit {bagit.VERSION}: FAILED: {error}")
        return False
    print(f"bagit {bagit.VERSION}: ok, {len(bag.entries)} entries")
    return True


def from_file(path: str):
    import requests

    response = requests.Response()
    response.status_code = 200
    response.headers["Content-Type"] = "application/ld+json"
    response._content = pathlib.Path(path).read_bytes()
    return response


def check_crate(top: pathlib.Path, contexts: dict[str, str]) -> bool:
    from rocrate_validator import __version__, models, services
    from rocrate_validator.utils.http import HttpRequester

    over_network = HttpRequester.__getattr__

    def request(self, name: str):
        method = over_network(self, name)
        if name != "get":
            return method
        return lambda url, **more: from_file(contexts[url]) if url in contexts else method(url, **more)

    HttpRequester.__getattr__ = request
    passed = True
    for severity in [models.Severity.REQUIRED, models.Severity.RECOMMENDED]:
        result = services.validate(
            services.ValidationSettings(
                rocrate_uri=str(top / "data"),
                profile_identifier=PROFILE,
                requirement_severity=severity,
            )
        )
        issues = result.get_issues()
        least = [issue for issue in issues if issue.severity >= severity]
        print(f"roc-validator {__version__}, {PROFILE}, {severity.name}: {len(least)} issues")
        seen: dict[str, int] = {}
        for issue in least:
            text = f"{issue.severity.name} {issue.check.identifier}: {issue.message}"
            seen[text] = seen.get(text, 0) + 1
        for text, count in sorted(seen.items()):
            print(f"  {count} x {text}")
        if severity is models.Severity.REQUIRED:
            passed = not issues
    return passed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive")
    parser.add_argument("--context", action="append", default=[], metavar="URL=FILE")
    options = parser.parse_args()
    contexts = dict(pair.rsplit("=", 1) for pair in options.context)
    with tempfile.TemporaryDirectory() as folder:
        top = unpack(options.archive, folder)
        passed = [check_sums(top), check_bag(top), check_crate(top, contexts)]
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
