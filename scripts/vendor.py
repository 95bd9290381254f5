# /// script
# requires-python = ">=3.11"
# dependencies = ["fonttools>=4.60", "brotli>=1.1"]
# ///
"""Write the files under dashboard/static/vendor again from npm's registry: `uv run scripts/vendor.py`, by hand only.

vendor.json says what comes from where. To take a newer version, change `version`, `tarball` and `integrity` there and
run with `--accept`, which writes the new hashes; without it a file that differs from its hash is refused.
"""

import base64
import hashlib
import io
import json
import sys
import tarfile
import urllib.request
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "unit_economics" / "dashboard" / "static" / "vendor"
LISTING = FOLDER / "vendor.json"
EUROPE = [*range(0x20, 0x250), *range(0x370, 0x460)]
SIGNS = [*range(0x2000, 0x2070), *range(0x20A0, 0x20C1), 0x2122, 0x2212, 0x2248, 0x2260, 0x2264, 0x2265]
SHAPES = [*range(0x2190, 0x2194), *range(0x25A0, 0x2600)]
FEATURES = ["kern", "ccmp", "locl", "mark", "mkmk", "tnum"]


def downloaded(package: dict[str, str]) -> tarfile.TarFile:
    """The package's tarball, which is exactly what npm's registry promised when it was listed."""
    with urllib.request.urlopen(package["tarball"]) as reply:  # noqa: S310 - an https address from our own list
        content = reply.read()
    kind, promised = package["integrity"].split("-", 1)
    if base64.b64encode(hashlib.new(kind, content).digest()).decode() != promised:
        sys.exit(f"{package['tarball']} is not what vendor.json lists: correct `integrity` if the version is new.")
    return tarfile.open(fileobj=io.BytesIO(content))


def truetype(woff2: bytes) -> bytes:
    """Inter as resvg reads it, with the letters a picture needs; it keeps its own date, so the bytes stay the same."""
    from fontTools import subset

    kept = {"layout_features": FEATURES, "name_IDs": ["*"], "notdef_outline": True}
    options = subset.Options(recalc_timestamp=False, **kept)
    font, cut = subset.load_font(io.BytesIO(woff2), options), subset.Subsetter(options)
    cut.populate(unicodes=[*EUROPE, *SIGNS, *SHAPES])
    cut.subset(font)
    font.flavor = None
    font.save(plain := io.BytesIO())
    return plain.getvalue()


def main() -> None:
    """Write every listed file, or stop at the first that is not what it should be."""
    listing = json.loads(LISTING.read_text())
    tarballs = {name: downloaded(package) for name, package in listing["packages"].items()}
    for name, file in listing["files"].items():
        member = tarballs[file["package"]].extractfile(f"package/{file['path']}")
        content = member.read() if member else b""
        content = truetype(content) if name.endswith(".ttf") else content
        found = hashlib.sha256(content).hexdigest()
        if found != file["sha256"] and "--accept" not in sys.argv:
            sys.exit(f"{name} is not the listed file: run with --accept if its version is new.")
        file["sha256"] = found
        (FOLDER / name).write_bytes(content)
    LISTING.write_text(json.dumps(listing, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
