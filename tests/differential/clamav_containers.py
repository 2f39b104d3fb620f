"""Gives containers, good and damaged ones, to clamscan and to our reader, both
with keys of this test: clamscan gets them in a copy of its library, in which the
published keys are overwritten.

    clamav_containers.py --read PROGRAM

Exit status 77 where that cannot be done; 1 with a difference.
"""
import argparse
import glob
import gzip
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
HEADER_EXPONENT = 100001027
INFO_EXPONENT = 100002049
HEADER_DIGITS, INFO_DIGITS = 309, 617
NDB = b"A:0:*:aabbccdd\n"
HDB = b"44d88612fea8a8f36de82e1278abb02f:68:B\n"
SOURCE = random.Random(7)


def is_prime(n):
    if any(n % p == 0 for p in (2, 3, 5, 7, 11, 13, 17, 19, 23)):
        return False
    d, r = n - 1, 0
    while d % 2 == 0:
        d, r = d // 2, r + 1
    for _ in range(20):
        x = pow(SOURCE.randrange(2, n - 1), d, n)
        if x in (1, n - 1):
            continue
        for _ in range(r - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def make_key(bits, exponent, digits):
    """(modulus, secret exponent); the modulus has as many digits as the published one."""
    while True:
        primes = []
        while len(primes) < 2:
            candidate = SOURCE.getrandbits(bits // 2) | (3 << (bits // 2 - 2)) | 1
            if is_prime(candidate):
                primes.append(candidate)
        modulus = primes[0] * primes[1]
        try:
            secret = pow(exponent, -1, (primes[0] - 1) * (primes[1] - 1))
        except ValueError:
            continue
        if modulus.bit_length() == bits and len(str(modulus)) == digits:
            return modulus, secret


def encode(number):
    text = ""
    while number:
        text += ALPHABET[number & 63]
        number >>= 6
    return text


def sign_pss(sha256, key):
    salt = bytes(range(32))
    digest = hashlib.sha256(bytes(8) + sha256 + salt).digest()
    block = bytearray(bytes(190) + b"\x01" + salt)
    mask = b"".join(hashlib.sha256(digest + i.to_bytes(4, "big")).digest() for i in range(7))
    block = bytearray(a ^ b for a, b in zip(block, mask))
    block[0] &= 0x7f
    return encode(pow(int.from_bytes(bytes(block) + digest + b"\xbc", "big"), key[1], key[0]))


def header(md5="X", signature="X", version=7):
    return f"ClamAV-VDB:16 Apr 2020 07-58 -0400:{version}:2:90:{md5}:{signature}:tester:1587038339".encode().ljust(512)


def info(members, key):
    text = header().rstrip() + b"\n"
    for name, content in members:
        text += f"{name}:{len(content)}:{hashlib.sha256(content).hexdigest()}\n".encode()
    if key:
        text += b"DSIG:" + sign_pss(hashlib.sha256(text).digest(), key).encode() + b"\n"
    return text


def tar(members):
    data = b""
    for name, content in members:
        block = bytearray(512)
        block[: len(name)] = name.encode()
        block[124:135] = b"%011o" % len(content)
        block[156] = ord("0")
        data += bytes(block) + content + bytes(-len(content) % 512)
    return data + bytes(1024)


def cases(header_key, info_key, other_key):
    members = [("x.ndb", NDB), ("x.hdb", HDB)]
    whole = [("COPYING", b"free"), ("x.info", info(members, info_key))] + members
    payload = gzip.compress(tar(whole), mtime=0)

    def cvd(content, key=header_key):
        md5 = hashlib.md5(content).hexdigest()
        return header(md5, encode(pow(int(md5, 16), key[1], key[0]))) + content

    damaged = bytearray(cvd(payload))
    damaged[-1] ^= 1
    yield "x.cvd", cvd(payload)
    yield "x.cvd", cvd(tar(whole))
    yield "x.cvd", bytes(damaged)
    yield "x.cvd", cvd(payload, other_key)
    yield "x.cvd", header() + payload
    yield "x.cvd", header(hashlib.md5(payload).hexdigest(), "ab") + payload
    yield "x.cvd", cvd(payload)[:700]
    yield "x.cvd", cvd(payload)[:100]
    yield "x.cvd", cvd(payload + b"rest")
    yield "x.cvd", cvd(tar([("COPYING", b"free"), ("../x.ndb", NDB)]))
    yield "x.cvd", cvd(gzip.compress(tar(whole)[:700]))
    yield "x.cld", header("0" * 32, "ab") + tar(whole)
    yield "x.cld", header("0" * 32, "ab") + payload
    yield "x.cld", header("0" * 32, "ab", 8) + payload
    for key in (other_key, None):
        unsigned = [("COPYING", b"free"), ("x.info", info(members, key))] + members
        yield "x.cld", header() + tar(unsigned)
    yield "x.cld", header() + tar(whole).replace(b"aabb", b"aabc")
    yield "x.cld", header() + tar([("COPYING", b"free"), ("x.info", info(members[:1], info_key))] + members)
    yield "x.cld", header() + tar([("COPYING", b"free")] + members)
    yield "x.cld", header() + tar([("COPYING", b"free"), ("x.info", info(members, info_key)), ("x.ndb", NDB + b"\n")])
    changed = info(members, info_key).replace(b"x.hdb", b"y.hdb")
    yield "x.cld", header() + tar([("COPYING", b"free"), ("x.info", changed), ("x.ndb", NDB)])


def patched_library(folder, header_key, info_key, published):
    found = glob.glob("/usr/lib/*/libclamav.so.*")
    if not found:
        return False
    path = sorted(found, key=len)[0]
    data = open(path, "rb").read()
    for digits, key in ((HEADER_DIGITS, header_key), (INFO_DIGITS, info_key)):
        matches = re.findall(rb"(?<![0-9])[0-9]{%d}(?=\0)" % digits, data)
        if len(set(matches)) != 1:
            return False
        if matches[0].decode() not in published:
            raise SystemExit(f"the published key of {digits} digits is another one than clamscan's")
        data = data.replace(matches[0], str(key[0]).encode())
    with open(os.path.join(folder, os.path.basename(path)), "wb") as file:
        file.write(data)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--read", required=True)
    options = parser.parse_args()
    if not shutil.which("clamscan"):
        print("no clamscan")
        return 77
    header_key = make_key(1024, HEADER_EXPONENT, HEADER_DIGITS)
    info_key = make_key(2048, INFO_EXPONENT, INFO_DIGITS)
    other_key = make_key(2048, INFO_EXPONENT, INFO_DIGITS)
    differences = count = taken = 0
    published = subprocess.run([options.read, "--published-keys"], capture_output=True, check=True).stdout.decode().split()
    assert published[1] == str(HEADER_EXPONENT) and published[3] == str(INFO_EXPONENT)
    with tempfile.TemporaryDirectory() as folder:
        if not patched_library(folder, header_key, info_key, published):
            print("no library whose keys can be overwritten")
            return 77
        sample = os.path.join(folder, "sample")
        with open(sample, "w") as file:
            file.write("x")
        for name, content in cases(header_key, info_key, other_key):
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(content)
            theirs = subprocess.run(["clamscan", "-d", path, sample], capture_output=True,
                                    env={**os.environ, "LD_LIBRARY_PATH": folder})
            ours = subprocess.run([options.read, "--keys", str(header_key[0]), str(HEADER_EXPONENT), str(info_key[0]),
                                   str(INFO_EXPONENT), path], capture_output=True, check=True).stdout.decode()
            count += 1
            their_count = re.search(r"Known viruses: (\d+)", theirs.stdout.decode())
            theirs_took = theirs.returncode == 0 and their_count and int(their_count.group(1)) == 2
            ours_took = "error:" not in ours and " 2 taken" in ours
            taken += bool(theirs_took)
            if bool(theirs_took) != ours_took:
                differences += 1
                print(f"case {count} {name}: clamscan {'takes' if theirs_took else 'refuses'} it; ours: {ours.strip()}\n"
                      f"  {theirs.stderr.decode().strip()}")
            os.remove(path)
    print(f"{count} containers, {taken} good ones, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
