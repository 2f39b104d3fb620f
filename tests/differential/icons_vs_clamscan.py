#!/usr/bin/env python3
"""PE icons: our metrics beside those that `clamscan --debug` prints, and our
matches beside clamscan's detections, on PE files made here with icons of every
size and depth (and damaged ones) and on Wine's programs.

Exits 77 where clamscan is missing.
"""
import argparse
import concurrent.futures
import glob
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile


def bitmap(rng, size, depth, width=None, kind=None, alpha=True, mask=True):
    """One icon's data: a bitmap header, the colours, the mask."""
    w, h = width or size, size
    kind = kind or rng.choice(['noise', 'grey', 'shapes', 'gradient', 'flat'])
    base = [rng.randrange(256) for _ in range(3)]
    pixels = [[list(base) for _ in range(w)] for _ in range(h)]
    if kind == 'gradient':
        a = [rng.uniform(-300, 300) for _ in range(6)]
        pixels = [[[base[c] + a[c] * x / w + a[c + 3] * y / h for c in range(3)] for x in range(w)] for y in range(h)]
    elif kind in ('shapes', 'grey'):
        for _ in range(rng.randrange(2, 7)):
            colour = [rng.randrange(256) for _ in range(3)] if kind == 'shapes' else [rng.randrange(256)] * 3
            x0, x1 = sorted(rng.randrange(w + 1) for _ in range(2))
            y0, y1 = sorted(rng.randrange(h + 1) for _ in range(2))
            for y in range(y0, y1):
                for x in range(x0, x1):
                    pixels[y][x] = list(colour)
    amount = 255 if kind == 'noise' else rng.choice([0, 5, 40])
    noise = rng.randbytes(w * h * 3)
    at = 0
    for row in pixels:
        for p in row:
            for c in range(3):
                p[c] = max(0, min(255, int(p[c]) + (noise[at] - 128) * amount // 128))
                at += 1
    header = struct.pack('<IiiHHIIiiII', 40, w, h * 2, 1, depth, 0, 0, 0, 0, 0, 0)
    palette = b''
    if depth <= 8:
        palette = b''.join(bytes(rng.randrange(256) for _ in range(3)) + rng.choice([b'\0', b'\0', b'\x80']) for _ in range(1 << depth))
    rows = b''
    for row in reversed(pixels):
        line = bytearray()
        if depth == 32:
            for r, g, b in row:
                line += bytes((b, g, r, rng.choice([0, 128, 255, 255]) if alpha else 0))
        elif depth == 24:
            for r, g, b in row:
                line += bytes((b, g, r))
        elif depth == 16:
            for r, g, b in row:
                line += struct.pack('<H', r >> 3 << 10 | g >> 3 << 5 | b >> 3)
        else:
            value = have = 0
            for r, g, b in row:
                value, have = value << depth | (r + g + b) * ((1 << depth) - 1) // 765, have + depth
                if have == 8:
                    line.append(value)
                    value = have = 0
            if have:
                line.append(value << (8 - have))
        rows += bytes(line) + b'\0' * (-len(line) % 4)
    masks = b''
    if mask:
        for y in range(h):
            bits = [1 if (x + y) % 9 == 0 else 0 for x in range(w)]
            bits += [0] * (-w % 32)
            masks += bytes(int(''.join(map(str, bits[i:i + 8])), 2) for i in range(0, len(bits), 8))
    return header + palette + rows + masks


def resources(icons, groups, address):
    """The section's bytes: a tree of icons (type 3) and groups (type 14)."""
    def directory(entries):
        return struct.pack('<IIHHHH', 0, 0, 0, 0, 0, len(entries)) + b''.join(struct.pack('<II', *e) for e in entries)
    leaves = [(3, i + 1, data) for i, data in enumerate(icons)] + [(14, 101 + i, data) for i, data in enumerate(groups)]
    types = sorted({t for t, _, _ in leaves})
    size = 16 + 8 * len(types) + sum(16 + 8 * sum(1 for l in leaves if l[0] == t) for t in types) + len(leaves) * 24
    entries_at, data_at = size, size + 16 * len(leaves)
    level2 = 16 + 8 * len(types)
    root, second, third, entries, data = [], b'', b'', b'', b''
    third_at = level2 + sum(16 + 8 * sum(1 for l in leaves if l[0] == t) for t in types)
    for t in types:
        root.append((t, 0x80000000 | (level2 + len(second))))
        names = []
        for _, name, content in (l for l in leaves if l[0] == t):
            names.append((name, 0x80000000 | (third_at + len(third))))
            third += directory([(1033, entries_at + len(entries))])
            entries += struct.pack('<IIII', address + data_at + len(data), len(content), 0, 0)
            data += content + b'\0' * (-len(content) % 8)
        second += directory(names)
    return directory(root) + second + third + entries + data


def pe_file(rsrc, pad=0):
    """A PE file with a code section and a resource section."""
    sections, optional = 2, 224
    headers = b'MZ' + b'\0' * 58 + struct.pack('<I', 64) + b'PE\0\0'
    headers += struct.pack('<HHIIIHH', 0x14c, sections, 0, 0, 0, optional, 0x102)
    raw_rsrc = rsrc + b'\0' * (-len(rsrc) % 512)
    fields = struct.pack('<HBBIIIIII', 0x10b, 2, 0, 512, len(raw_rsrc), 0, 0x1000, 0x1000, 0x2000)
    fields += struct.pack('<IIIHHHHHHIIIIHHIIIIII', 0x400000, 0x1000, 512, 4, 0, 0, 0, 4, 0, 0, 0x2000 + (len(raw_rsrc) + 0xfff & ~0xfff), 512, 0,
                          2, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    directories = [(0, 0)] * 16
    directories[2] = (0x2000, len(rsrc))
    fields += b''.join(struct.pack('<II', *d) for d in directories)
    table = struct.pack('<8sIIIIIIHHI', b'.text', 512, 0x1000, 512, 512, 0, 0, 0, 0, 0x60000020)
    table += struct.pack('<8sIIIIIIHHI', b'.rsrc', len(rsrc), 0x2000, len(raw_rsrc), 1024, 0, 0, 0, 0, 0x40000040)
    head = headers + fields + table
    return head.ljust(512, b'\0') + b'\xc3'.ljust(512, b'\0') + raw_rsrc + b'\0' * pad


def group(entries):
    out = struct.pack('<HHH', 0, 1, len(entries))
    for identity, data in entries:
        w, h, depth = struct.unpack_from('<ii', data, 4) + struct.unpack_from('<H', data, 14) if len(data) >= 16 else (0, 0, 0)
        out += struct.pack('<BBBBHHIH', w & 255, h // 2 & 255, 0, 0, 1, depth, len(data), identity)
    return out


def make(folder, seed, count):
    rng = random.Random(seed)
    sizes = [16, 24, 32, 48, 64, 72, 96, 128, 144, 160, 168, 192, 216, 224, 240, 256, 17, 20, 30, 31, 33, 40, 50, 100, 15, 257]
    for number in range(count):
        icons = []
        for index in range(rng.randrange(1, 6)):
            size = sizes[number % len(sizes)] if index == 0 else rng.choice(sizes[:5])
            width = size if rng.random() < .85 else max(1, size * rng.choice([3, 4, 5, 6]) // 4)
            icons.append(bitmap(rng, size, rng.choice([1, 4, 8, 16, 24, 32, 32]), width, alpha=rng.random() < .7, mask=rng.random() < .9))
            if rng.random() < .1:
                icons[-1] = b'\x89PNG' + bytes(60)
            if rng.random() < .1:
                icons[-1] = icons[-1][:rng.randrange(len(icons[-1]))]
        entries = list(enumerate(icons, 1))
        if rng.random() < .1:
            entries.append((99, icons[0]))
        groups = [group(entries)]
        if rng.random() < .3:
            groups.append(group(entries[:1]))
        if rng.random() < .1:
            groups[0] = groups[0][:rng.randrange(len(groups[0]))]
        if number == 3:
            groups[0] = group(entries * 60)
        data = bytearray(pe_file(resources(icons, groups, 0x2000)))
        if rng.random() < .1:
            data = data[:rng.randrange(1100, len(data))]
        if rng.random() < .1:
            for _ in range(20):
                data[rng.randrange(1024, min(1400, len(data)))] = rng.randrange(256)
        with open(os.path.join(folder, 'icons%03d.exe' % number), 'wb') as file:
            file.write(data)


def clam_icons(database, path):
    done = subprocess.run(['clamscan', '--debug', '--no-summary', '-d', database, path], capture_output=True, check=False, timeout=120)
    return [m.decode() for m in re.findall(rb'IDB SIGNATURE: ICON_NAME:GROUP1:GROUP2:([0-9a-f]+)', done.stderr)]


def our_lines(tool, arguments, paths):
    result = {path: [] for path in paths}
    for start in range(0, len(paths), 200):
        done = subprocess.run([tool] + arguments + paths[start:start + 200], capture_output=True, check=True, timeout=600)
        for line in done.stdout.decode().splitlines():
            path, value = line.rsplit(' ', 1)
            result[path].append(value)
    return result


def change(rng, value):
    """A signature near an icon's: some places and strengths moved, so that many are about as alike as is enough."""
    digits = list(value)
    for _ in range(rng.randrange(1, 60)):
        i = rng.randrange(2, 124)
        digits[i] = '%x' % max(0, min(15, int(digits[i], 16) + rng.choice([-3, -2, -1, 1, 2, 3])))
    return ''.join(digits)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--icons-tool', required=True)
    parser.add_argument('--files', type=int, default=150)
    parser.add_argument('--signatures', type=int, default=400)
    parser.add_argument('--seed', type=int, default=1)
    arguments = parser.parse_args()
    if not shutil.which('clamscan'):
        print('not compared: no clamscan')
        return 77
    wrong = compared = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        folder, database = os.path.join(scratch, 'files'), os.path.join(scratch, 'db')
        os.makedirs(folder)
        os.makedirs(database)
        make(folder, arguments.seed, arguments.files)
        paths = sorted(glob.glob(folder + '/*'))
        wine = sorted(glob.glob('/usr/lib/*/wine/*/*.exe'))
        print('%d files made here, %d of Wine' % (len(paths), len(wine)))
        paths += wine
        with open(database + '/t.ldb', 'w', encoding='ascii') as file:
            file.write('T;Engine:51-255,Target:1,IconGroup1:G1;0;4d5a\n')
        with open(database + '/t.idb', 'w', encoding='ascii') as file:
            file.write('N:G1:*:20' + '0' * 122 + '\n')
        ours = our_lines(arguments.icons_tool, [], paths)
        # With a signature that matches, clamscan looks at no further icon: none of these does.
        theirs = dict(zip(paths, pool.map(lambda p: clam_icons(database, p), paths)))
        known = set()
        for path in paths:
            compared += len(theirs[path])
            known.update(theirs[path])
            # (Areas that do not exist print as longer numbers there.)
            if ours[path] != theirs[path]:
                wrong += 1
                print('metrics differ: %s\n  ours     %s\n  clamscan %s' % (path, ours[path], theirs[path]))
        # Signatures as they are, and changed; one database of groups of one.
        rng = random.Random(arguments.seed)
        pool_of = sorted(h for h in known if len(h) == 124 and int(h[:2], 16) in (16, 24, 32))
        lines, rules = [], []
        while len(lines) < min(arguments.signatures, 250):
            value = rng.choice(pool_of)
            value = value if rng.random() < .3 else change(rng, value)
            lines.append('S%d:G%d:*:%s' % (len(lines), len(lines), value))
        accepted = []
        for line in lines:
            one = os.path.join(scratch, 'one.idb')
            with open(one, 'w', encoding='ascii') as file:
                file.write(line + '\n')
            done = subprocess.run(['clamscan', '--no-summary', '-d', one, os.devnull], capture_output=True, check=False, timeout=60)
            good = b'Malformed' not in done.stderr
            mine = subprocess.run([arguments.icons_tool, '--check', line], check=False).returncode == 0
            if good != mine:
                wrong += 1
                print('line %s by clamscan, %s by us: %s' % (good, mine, line))
            if good:
                accepted.append(line)
                rules.append('R%s;Engine:51-255,Target:1,IconGroup1:%s;0;4d5a' % (line.split(':')[0][1:], line.split(':')[1]))
        with open(database + '/t.ldb', 'w', encoding='ascii') as file:
            file.write('\n'.join(rules) + '\n')
        with open(database + '/t.idb', 'w', encoding='ascii') as file:
            file.write('\n'.join(accepted) + '\n')
        matches = our_lines(arguments.icons_tool, ['--match', database + '/t.idb'], paths)
        done = subprocess.run(['clamscan', '--no-summary', '--allmatch', '-d', database] + paths, capture_output=True, check=False, timeout=1800)
        found = {path: set() for path in paths}
        for line in done.stdout.decode().splitlines():
            detection = re.match(r'(.*): R(\d+)\.UNOFFICIAL FOUND$', line)
            if detection:
                found[detection.group(1)].add('S' + detection.group(2))
        pairs = 0
        for path in paths:
            pairs += len(found[path])
            if found[path] != set(matches[path]):
                wrong += 1
                print('matches differ: %s only ours %s only clamscan %s' % (path, sorted(set(matches[path]) - found[path]), sorted(found[path] - set(matches[path]))))
        print('%d icons, %d of %d signatures accepted, %d matches of %d pairs; %d differences' % (
            compared, len(accepted), len(lines), pairs, len(accepted) * len(paths), wrong))
        if compared == 0 or pairs == 0:
            print('nothing was compared')
            return 1
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
