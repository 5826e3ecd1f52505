"""python3 tests/reference/bag.py: bags as others read and write them (pip install bagit==1.9.0; tar, sha256sum).

What the pipeline writes is read by GNU tar, tarfile, sha256sum and bagit; what bagit and tar write is read by
the pipeline, or refused for a reason that is listed here.
"""

import glob
import os
import subprocess
import sys
import tarfile
import tempfile

import bagit

HERE = os.path.dirname(os.path.abspath(__file__))


def deno(*args):
    command = ["deno", "run", "-A", f"{HERE}/bag.ts", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def expect(what, found, wanted):
    good = wanted in found
    print(f"{'ok  ' if good else 'FAIL'} {what}: {found.strip().splitlines()[-1][-160:]}")
    if not good:
        sys.exit(1)


def read_ours(place):
    """Each archive of ours through tar, tarfile, sha256sum and bagit."""
    deno("write", place)
    for archive in sorted(glob.glob(f"{place}/*.tar*")):
        name = os.path.basename(archive)
        by_tar, by_python = f"{place}/tar-{name}", f"{place}/python-{name}"
        os.mkdir(by_tar)
        subprocess.run(["tar", "xf", archive, "-C", by_tar], check=True)
        with tarfile.open(archive) as opened:
            opened.extractall(by_python, filter="data")
        subprocess.run(["diff", "-r", by_tar, by_python], check=True)
        (bag,) = glob.glob(f"{by_tar}/*")
        for manifest in ["manifest-sha256.txt", "tagmanifest-sha256.txt"]:
            if os.path.getsize(f"{bag}/{manifest}") > 0:
                subprocess.run(["sha256sum", "-c", "--strict", "--quiet", manifest], cwd=bag, check=True)
        bagit.Bag(bag).validate()
        run = subprocess.run([sys.executable, "-m", "bagit", "--validate", bag], capture_output=True, text=True)
        expect(f"{name} read by tar, tarfile, sha256sum, bagit", run.stderr, "is valid")
    whole = f"{place}/whole"
    os.mkdir(whole)
    for bag in glob.glob(f"{place}/tar-parts.*/*"):
        subprocess.run(["cp", "-r", f"{bag}/data", whole], check=True)
    (group,) = glob.glob(f"{place}/tar-parts.*/*/group-sha256.txt")
    run = subprocess.run(["sha256sum", "-c", "--strict", group], cwd=whole, capture_output=True, text=True, check=True)
    expect("parts put together with cp, checked with sha256sum", f"{run.stdout.count('OK')} files", "20 files")


def write_theirs(place):
    """A bag by bagit in a directory; one name is longer than a header's field, one not ASCII."""
    files = {"a.txt": b"hello", "sub/b.bin": os.urandom(100_000), "sub/empty": b"", "grün.txt": b"x",
             "d" * 80 + "/" + "n" * 80: b"long"}
    for path, content in files.items():
        os.makedirs(os.path.dirname(f"{place}/bag/{path}"), exist_ok=True)
        with open(f"{place}/bag/{path}", "wb") as file:
            file.write(content)
    bagit.make_bag(f"{place}/bag", {"Contact-Name": "nobody"}, checksums=["sha256"])


def pack(place, name, *options, members="bag"):
    archive = f"{place}/{name}"
    subprocess.run(["tar", *options, "-cf", archive, "-C", place, members], check=True)
    return archive


def read_theirs(place):
    write_theirs(place)
    ustar = ["--format=ustar"]
    expect("bagit + tar --format=ustar", deno("verify", pack(place, "u.tar", *ustar)), "taken")
    expect("bagit + tar --format=posix", deno("verify", pack(place, "p.tar", "--format=posix")), "taken")
    expect("bagit + tar -z", deno("verify", pack(place, "z.tgz", "-z", "--format=posix")), "taken")
    expect("bagit + tar --sort=name", deno("verify", pack(place, "s.tar", "--sort=name", *ustar)), "taken")
    expect("bagit + tar --format=gnu, long name", deno("verify", pack(place, "g.tar", "--format=gnu")), "GNU long name")
    expect("bagit + tar --format=v7", deno("verify", pack_v7(place)), "not a POSIX (ustar) one")
    expect("bagit + tar of ./bag", deno("verify", pack(place, "d.tar", "--format=posix", members="./bag")), 'component "."')
    for name, form in [("ustar", tarfile.USTAR_FORMAT), ("pax", tarfile.PAX_FORMAT)]:
        with tarfile.open(f"{place}/py.tar", "w", format=form) as archive:
            archive.add(f"{place}/bag", "bag")
        expect(f"bagit + tarfile, {name}", deno("verify", f"{place}/py.tar"), "taken")
    with tarfile.open(f"{place}/py.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(f"{place}/bag", "bag")
    expect("bagit + tarfile, gnu, long name", deno("verify", f"{place}/py.tar"), "GNU long name")
    os.link(f"{place}/bag/data/a.txt", f"{place}/bag/data/hard")
    refused = deno("verify", pack(place, "h.tar", *ustar))
    expect("a hard link within the bag", refused, "a hard link")
    os.remove(f"{place}/bag/data/hard")
    os.mkdir(f"{place}/bag/data/nothing")
    expect("an empty folder", deno("verify", pack(place, "e.tar", *ustar)), "a folder without files")
    os.rmdir(f"{place}/bag/data/nothing")
    bag = bagit.Bag(f"{place}/bag")
    bag.algorithms = ["sha256", "sha512"]
    bag.save(manifests=True)
    expect("bagit's own choice of SHA-512 too", deno("verify", pack(place, "5.tar", *ustar)), "only SHA-256 manifests")


def pack_v7(place):
    os.makedirs(f"{place}/v7/bag/data")
    with open(f"{place}/v7/bag/data/a", "w") as file:
        file.write("x")
    subprocess.run(["tar", "--format=v7", "-cf", f"{place}/v.tar", "-C", f"{place}/v7", "bag"], check=True)
    return f"{place}/v.tar"


with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
    read_ours(ours)
    read_theirs(theirs)
