"""Pictures of every kind that ClamAV hashes, made from a seed.

Sources are drawn here (noise, gradients, shapes, text-like stripes); BMP, GIF
and PNG variants that no tool writes are written here too; the rest is made
with ImageMagick, cjpeg and tiffcp.
"""
import os
import random
import struct
import subprocess
import zlib


class Picture:
    def __init__(self, width, height, pixels):
        self.width, self.height, self.pixels = width, height, pixels  # pixels: rows of (r, g, b)

    def ppm(self):
        body = b''.join(bytes(c for pixel in row for c in pixel) for row in self.pixels)
        return b'P6 %d %d 255\n' % (self.width, self.height) + body


def draw(rng, width, height):
    kind = rng.choice(['noise', 'gradient', 'shapes', 'stripes', 'mixed', 'flat'])
    base = [rng.randrange(256) for _ in range(3)]
    rows = [[list(base) for _ in range(width)] for _ in range(height)]
    if kind in ('gradient', 'mixed'):
        a = [rng.uniform(-400, 400) for _ in range(6)]
        for y in range(height):
            for x in range(width):
                for c in range(3):
                    rows[y][x][c] += a[c] * x / width + a[c + 3] * y / height
    if kind in ('shapes', 'mixed'):
        for _ in range(rng.randrange(2, 9)):
            colour = [rng.randrange(256) for _ in range(3)]
            x0, x1 = sorted(rng.randrange(width + 1) for _ in range(2))
            y0, y1 = sorted(rng.randrange(height + 1) for _ in range(2))
            for y in range(y0, y1):
                for x in range(x0, x1):
                    rows[y][x] = list(colour)
    if kind == 'stripes':
        period = rng.randrange(2, 12)
        colour = [rng.randrange(256) for _ in range(3)]
        for y in range(height):
            for x in range(width):
                if (x + y * rng.choice([1])) // period % 2:
                    rows[y][x] = list(colour)
    amount = 255 if kind == 'noise' else rng.choice([0, 3, 30])
    clamp = lambda v: max(0, min(255, int(v)))
    return Picture(width, height, [[tuple(clamp(c + rng.randint(-amount, amount)) for c in pixel) for pixel in row]
                                   for row in rows])


SIZES = [(1, 1), (2, 3), (7, 5), (8, 8), (16, 16), (17, 15), (31, 33), (32, 32), (33, 32), (48, 48), (64, 64), (65, 63),
         (100, 80), (120, 40), (40, 120), (128, 96), (150, 151), (200, 133), (257, 63), (320, 200), (3, 90), (90, 3)]


# --- BMP ---------------------------------------------------------------------------------------------------------

def bmp_file(header, palette, data, offset=None):
    start = 14 + len(header) + len(palette)
    return b'BM' + struct.pack('<IHHI', start + len(data), 0, 0, start if offset is None else offset) + header + palette + data


def info_header(width, height, bits, compression=0, colours=0, size=40, masks=b''):
    fields = struct.pack('<IiiHHIIIIII', size, width, height, 1, bits, compression, 0, 2835, 2835, colours, 0)
    return (fields + masks).ljust(size, b'\0') if size > 40 else fields + masks


def pad4(data):
    return data + b'\0' * (-len(data) % 4)


def bmp_variants(rng, picture):
    w, h, rows = picture.width, picture.height, picture.pixels
    grey = [[(p[0] * 3 + p[1] * 6 + p[2]) // 10 for p in row] for row in rows]
    up = list(reversed(range(h)))
    rgb = lambda y: pad4(b''.join(bytes((p[2], p[1], p[0])) for p in rows[y]))
    yield 'rgb24', bmp_file(info_header(w, h, 24), b'', b''.join(rgb(y) for y in up))
    yield 'rgb24_topdown', bmp_file(info_header(w, -h, 24), b'', b''.join(rgb(y) for y in range(h)))
    yield 'core24', bmp_file(struct.pack('<IHHHH', 12, w, h, 1, 24), b'', b''.join(rgb(y) for y in up))
    alpha = lambda y: b''.join(bytes((p[2], p[1], p[0], rng.randrange(256))) for p in rows[y])
    yield 'rgb32', bmp_file(info_header(w, h, 32), b'', b''.join(alpha(y) for y in up))
    for size in (52, 56, 108, 124):
        masks = struct.pack('<IIII', 0xff0000, 0xff00, 0xff, 0xff000000)[:size - 40]
        yield 'v%d_32' % size, bmp_file(info_header(w, h, 32, 3, size=size, masks=masks), b'', b''.join(alpha(y) for y in up))
    masks = struct.pack('<III', 0xff000000, 0xff0000, 0xff00)
    shifted = lambda y: b''.join(bytes((0, p[2], p[1], p[0])) for p in rows[y])
    yield 'info_masks_888', bmp_file(info_header(w, h, 32, 3, masks=masks), b'', b''.join(shifted(y) for y in up))
    ten = lambda y: b''.join(struct.pack('<I', p[0] << 22 | p[1] << 12 | p[2] << 2) for p in rows[y])
    yield 'masks_10', bmp_file(info_header(w, h, 32, 3, masks=struct.pack('<III', 0x3ff00000, 0xffc00, 0x3ff)), b'',
                               b''.join(ten(y) for y in up))
    five = lambda y: pad4(b''.join(struct.pack('<H', p[0] >> 3 << 10 | p[1] >> 3 << 5 | p[2] >> 3) for p in rows[y]))
    yield 'rgb16', bmp_file(info_header(w, h, 16), b'', b''.join(five(y) for y in up))
    six = lambda y: pad4(b''.join(struct.pack('<H', p[0] >> 3 << 11 | p[1] >> 2 << 5 | p[2] >> 3) for p in rows[y]))
    yield 'masks_565', bmp_file(info_header(w, h, 16, 3, masks=struct.pack('<III', 0xf800, 0x7e0, 0x1f)), b'',
                                b''.join(six(y) for y in up))
    four = lambda y: pad4(b''.join(struct.pack('<H', p[0] >> 4 << 8 | p[1] >> 4 << 4 | p[2] >> 4) for p in rows[y]))
    yield 'masks_444', bmp_file(info_header(w, h, 16, 3, masks=struct.pack('<III', 0xf00, 0xf0, 0xf)), b'',
                                b''.join(four(y) for y in up))
    seven = lambda y: pad4(b''.join(struct.pack('<H', p[0] >> 1 << 9 | p[1] >> 6 << 7 | p[2] >> 1) for p in rows[y]))
    yield 'masks_727', bmp_file(info_header(w, h, 16, 3, masks=struct.pack('<III', 0xfe00, 0x180, 0x7f)), b'',
                                b''.join(seven(y) for y in up))
    for bits in (1, 2, 4, 8):
        count = 1 << bits
        palette = b''.join(bytes(rng.randrange(256) for _ in range(3)) + b'\0' for _ in range(count))
        index = lambda y: [g * count // 256 for g in grey[y]]

        def packed(y):
            value, out, have = 0, bytearray(), 0
            for i in index(y):
                value, have = value << bits | i, have + bits
                if have == 8:
                    out.append(value)
                    value, have = 0, 0
            if have:
                out.append(value << (8 - have))
            return pad4(bytes(out))
        data = b''.join(packed(y) for y in up)
        yield 'pal%d' % bits, bmp_file(info_header(w, h, bits), palette, data)
        if bits > 1:
            yield 'pal%d_short' % bits, bmp_file(info_header(w, h, bits, colours=count - 1), palette[:-4], data)
        if bits != 2:
            core = b''.join(palette[i * 4:i * 4 + 3] for i in range(count))
            yield 'core_pal%d' % bits, bmp_file(struct.pack('<IHHHH', 12, w, h, 1, bits), core, data)
        if bits == 8:
            yield 'rle8', bmp_file(info_header(w, h, 8, 1), palette, rle8(rng, [index(y) for y in up]))
        if bits == 4:
            yield 'rle4', bmp_file(info_header(w, h, 4, 2), palette, rle4(rng, [index(y) for y in up]))
    yield 'cut', bmp_file(info_header(w, h, 24), b'', b''.join(rgb(y) for y in up))[:-1]
    yield 'cut_header', bmp_file(info_header(w, h, 24), b'', b'')[:40]
    yield 'planes0', bmp_file(info_header(w, h, 24)[:12] + b'\0\0' + info_header(w, h, 24)[14:], b'', b''.join(rgb(y) for y in up))


def rle8(rng, rows):
    out = bytearray()
    for number, row in enumerate(rows):
        x = 0
        while x < len(row):
            n = min(rng.randrange(1, 20), len(row) - x)
            kind = rng.randrange(4)
            if kind == 0 and n >= 3:
                out += bytes((0, n)) + bytes(row[x:x + n]) + b'\0' * (n % 2)
            elif kind == 1 and rng.randrange(3) == 0:
                out += bytes((0, 2, n, 0))
            else:
                out += bytes((n, row[x]))
            x += n
        if rng.randrange(12) == 0 and number + 2 < len(rows):
            out += bytes((0, 1))
            return bytes(out)
        out += b'\0\0'
    return bytes(out) + b'\0\1'


def rle4(rng, rows):
    out = bytearray()
    for row in rows:
        x = 0
        while x < len(row):
            n = min(rng.randrange(1, 20), len(row) - x)
            if rng.randrange(2) == 0 and n >= 3:
                run = list(row[x:x + n]) + [0, 0, 0]
                packed = bytes(run[i] << 4 | run[i + 1] for i in range(0, n, 2))
                out += bytes((0, n)) + packed + b'\0' * (len(packed) % 2)
            else:
                out += bytes((n, row[x] << 4 | row[min(x + 1, len(row) - 1)]))
            x += n
        out += b'\0\0'
    return bytes(out) + b'\0\1'


# --- PNG ---------------------------------------------------------------------------------------------------------

def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def png_file(width, height, depth, colour, interlace, rows, extra=b'', level=6):
    """`rows(ys, xs)` gives the packed rows of the picture's pixels at those places."""
    if interlace:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    else:
        passes = [(0, 0, 1, 1)]
    raw = b''
    for x0, y0, dx, dy in passes:
        xs, ys = range(x0, width, dx), range(y0, height, dy)
        if xs and ys:
            raw += b''.join(b'\0' + row for row in rows(ys, xs))
    header = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, interlace)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + extra + chunk(b'IDAT', zlib.compress(raw, level)) + chunk(b'IEND', b'')


def pack_bits(values, depth):
    if depth == 16:
        return b''.join(struct.pack('>H', v) for v in values)
    out, value, have = bytearray(), 0, 0
    for v in values:
        value, have = value << depth | v, have + depth
        if have == 8:
            out.append(value)
            value, have = 0, 0
    if have:
        out.append(value << (8 - have))
    return bytes(out)


def png_variants(rng, picture):
    w, h, rows = picture.width, picture.height, picture.pixels
    wide = {}

    def sample(x, y, c, depth):
        value = rows[y][x][c]
        if depth == 16:
            return wide.setdefault((x, y, c), value << 8 | rng.randrange(256))
        return value >> (8 - depth)
    for interlace in (0, 1):
        for colour, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16))):
            for depth in depths:
                channels = {0: 1, 2: 3, 3: 1, 4: 1, 6: 3}[colour]
                has_alpha = colour >= 4

                def packed(ys, xs):
                    for y in ys:
                        values = []
                        for x in xs:
                            values += [sample(x, y, c, depth) for c in range(channels)]
                            if has_alpha:
                                values.append(rng.randrange(1 << depth))
                        yield pack_bits(values, depth)
                extra = b''
                if colour == 3:
                    extra = chunk(b'PLTE', bytes(rng.randrange(256) for _ in range(3 << depth)))
                name = 'c%d_d%d%s' % (colour, depth, '_adam7' if interlace else '')
                whole = png_file(w, h, depth, colour, interlace, packed, extra)
                yield name, whole
                if colour in (0, 2, 3):
                    trns = {0: struct.pack('>H', sample(0, 0, 0, depth)),
                            2: struct.pack('>HHH', *(sample(0, 0, c, depth) for c in range(3))), 3: b'\0\x80'}[colour]
                    yield name + '_trns', png_file(w, h, depth, colour, interlace, packed, extra + chunk(b'tRNS', trns))
                if colour == 3 and depth == 8:
                    short = chunk(b'PLTE', bytes(rng.randrange(256) for _ in range(3 * 200)))
                    yield name + '_short_palette', png_file(w, h, depth, colour, interlace, packed, short)
                    yield name + '_no_palette', png_file(w, h, depth, colour, interlace, packed)
                if colour == 2 and depth == 8:
                    gamma = chunk(b'gAMA', struct.pack('>I', 100000)) + chunk(b'sBIT', b'\5\6\5')
                    yield name + '_gamma', png_file(w, h, depth, colour, interlace, packed, gamma)
                    yield name + '_cut_end', whole[:-12]
                    yield name + '_cut_crc', whole[:-14]
                    yield name + '_cut_data', whole[:-20]
                    yield name + '_cut_half', whole[:len(whole) // 2]
                    damaged = bytearray(whole)
                    damaged[-13] ^= 1
                    yield name + '_bad_crc', bytes(damaged)
                    bad_text = bytearray(chunk(b'tEXt', b'a\0b'))
                    bad_text[-1] ^= 1
                    yield name + '_bad_text_crc', whole[:33] + bytes(bad_text) + whole[33:]
                    damaged = bytearray(whole)
                    damaged[29] ^= 1
                    yield name + '_bad_header_crc', bytes(damaged)


# --- GIF ---------------------------------------------------------------------------------------------------------

def lzw(values, bits):
    clear, out, value, have = 1 << bits, bytearray(), 0, 0
    table, size, nxt = {(i,): i for i in range(clear)}, bits + 1, clear + 2

    def put(code):
        nonlocal value, have
        value |= code << have
        have += size
        while have >= 8:
            out.append(value & 255)
            value >>= 8
            have -= 8
    put(clear)
    text = ()
    for v in values:
        if text + (v,) in table:
            text += (v,)
            continue
        put(table[text])
        if nxt < 4096:
            table[text + (v,)] = nxt
            if nxt == 1 << size and size < 12:
                size += 1
            nxt += 1
        text = (v,)
    if text:
        put(table[text])
        if nxt < 4096 and nxt == 1 << size and size < 12:
            size += 1
    put(clear + 1)
    if have:
        out.append(value & 255)
    return bytes(out)


def sub_blocks(data):
    return b''.join(bytes((len(data[i:i + 255]),)) + data[i:i + 255] for i in range(0, len(data), 255)) + b'\0'


def gif_file(screen, frame, bits, values, palette=True, local=False, interlaced=False, extra=b'', data=None):
    count = max(2, 1 << bits)
    colours = b''.join(bytes((i * 37 & 255, i * 91 + 5 & 255, i * 11 & 255)) for i in range(count))
    size_field = max(bits, 1) - 1
    head = b'GIF89a' + struct.pack('<HHBBB', screen[0], screen[1], (0x80 | size_field) if palette else 0, 0, 0)
    head += colours if palette else b''
    left, top, w, h = frame
    if interlaced:
        order = [y for first, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(first, h, step)]
        values = [v for y in order for v in values[y * w:(y + 1) * w]]
    code_bits = max(bits, 2)
    flags = (0x80 | size_field if local else 0) | (0x40 if interlaced else 0)
    head += extra + b'\x2c' + struct.pack('<HHHHB', left, top, w, h, flags) + (colours[::-1] if local else b'')
    return head + bytes((code_bits,)) + (sub_blocks(lzw(values, code_bits)) if data is None else data) + b'\x3b'


def gif_variants(rng, picture):
    w, h = picture.width, picture.height
    for bits in (1, 2, 4, 8):
        values = [p[1] >> (8 - bits) for row in picture.pixels for p in row]
        yield 'b%d' % bits, gif_file((w, h), (0, 0, w, h), bits, values)
        yield 'b%d_interlaced' % bits, gif_file((w, h), (0, 0, w, h), bits, values, interlaced=True)
    gce = b'\x21\xf9\x04\x01\x05\x00' + bytes((values[0],)) + b'\0'
    yield 'transparent', gif_file((w, h), (0, 0, w, h), 8, values, extra=gce)
    yield 'local', gif_file((w, h), (0, 0, w, h), 8, values, palette=False, local=True)
    yield 'both', gif_file((w, h), (0, 0, w, h), 8, values, local=True)
    yield 'no_palette', gif_file((w, h), (0, 0, w, h), 8, values, palette=False)
    yield 'inside', gif_file((w + 9, h + 14), (4, 5, w, h), 8, values)
    yield 'inside_full_width', gif_file((w, h + 14), (0, 5, w, h), 8, values)
    yield 'outside', gif_file((max(1, w // 2), max(1, h // 2)), (1, 1, w, h), 8, values, interlaced=True)
    yield 'screen0', gif_file((0, 0), (0, 0, w, h), 8, values)
    yield 'comment', gif_file((w, h), (0, 0, w, h), 8, values, extra=b'\x21\xfe' + sub_blocks(b'hello ' * 99))
    data = sub_blocks(lzw(values, 8))
    whole = gif_file((w, h), (0, 0, w, h), 8, values)
    yield 'no_trailer', whole[:-1]
    yield 'no_terminator', whole[:-2]
    yield 'cut', whole[:-(len(data) // 2) - 2]
    yield 'too_few', gif_file((w, h), (0, 0, w, h), 8, values[:len(values) // 2])
    yield 'too_many', gif_file((w, h), (0, 0, w, h), 8, values + values)
    yield 'code_size_9', whole.replace(bytes((8,)) + data, bytes((9,)) + sub_blocks(lzw(values, 9)))
    yield 'no_picture', whole[:13 + 768] + b'\x3b'


# --- By tools ----------------------------------------------------------------------------------------------------

JPEG = {'q%d_%s' % (quality, sampling.replace('x', '')): ['-quality', str(quality), '-sampling-factor', sampling]
        for quality in (10, 50, 75, 92, 100) for sampling in ('1x1', '2x1', '1x2', '2x2', '4x1')}
JPEG.update({'progressive_%s' % s: ['-interlace', 'JPEG', '-sampling-factor', s] for s in ('1x1', '2x1', '2x2')})
JPEG.update({'grey': ['-colorspace', 'Gray'], 'cmyk': ['-colorspace', 'CMYK'], 'grey_progressive': ['-colorspace', 'Gray', '-interlace', 'JPEG']})
CJPEG = {'restart': ['-restart', '2'], 'rgb': ['-rgb'], 'arithmetic': ['-arithmetic'], 'ssss': ['-sample', '1x1,2x2,1x1'],
         'odd': ['-sample', '2x2,2x1,1x2'], 'h2y': ['-sample', '2x2,1x1,1x1', '-optimize'], 's22_12': ['-sample', '2x2,1x2,1x2'],
         's41': ['-sample', '4x1,1x1,1x1'], 's42': ['-sample', '4x2,1x1,1x1'], 's14': ['-sample', '1x4,1x1,1x1'],
         's44': ['-sample', '4x4,1x1,1x1'], 's31': ['-sample', '3x1,1x1,1x1']}
TIFF = {}
for _compress in ('None', 'LZW', 'Zip', 'RLE', 'JPEG'):
    TIFF['rgb_' + _compress] = ['-compress', _compress]
    TIFF['grey_' + _compress] = ['-colorspace', 'Gray', '-compress', _compress]
    if _compress != 'JPEG':
        TIFF['rgba_' + _compress] = ['-alpha', 'on', '-channel', 'A', '-evaluate', 'set', '50%', '+channel', '-compress', _compress]
        TIFF['greya_' + _compress] = ['-colorspace', 'Gray', '-alpha', 'on', '-channel', 'A', '-evaluate', 'set', '50%', '+channel', '-compress', _compress]
        TIFF['palette_' + _compress] = ['-type', 'Palette', '-colors', '60', '-compress', _compress]
        TIFF['cmyk_' + _compress] = ['-colorspace', 'CMYK', '-compress', _compress]
        TIFF['rgb16_' + _compress] = ['-depth', '16', '-compress', _compress]
        TIFF['grey16_' + _compress] = ['-colorspace', 'Gray', '-depth', '16', '-compress', _compress]
        TIFF['bilevel_' + _compress] = ['-monochrome', '-compress', _compress]
TIFF.update({'be': ['-endian', 'MSB'], 'be16': ['-endian', 'MSB', '-depth', '16'], 'rows1': ['-define', 'tiff:rows-per-strip=1'],
             'tiled': ['-define', 'tiff:tile-geometry=32x16'], 'tiled_lzw': ['-define', 'tiff:tile-geometry=16x16', '-compress', 'LZW'],
             'planar': ['-interlace', 'plane'], 'fax4': ['-monochrome', '-compress', 'Group4'], 'fax3': ['-monochrome', '-compress', 'Fax'],
             'zstd': ['-compress', 'ZSTD'], 'lzma': ['-compress', 'LZMA'], 'float': ['-define', 'quantum:format=floating-point', '-depth', '32'],
             'rgb32': ['-depth', '32'], 'miniswhite': ['-colorspace', 'Gray', '-define', 'quantum:polarity=min-is-white'],
             'miniswhite16': ['-colorspace', 'Gray', '-depth', '16', '-define', 'quantum:polarity=min-is-white'],
             'cmyk16': ['-colorspace', 'CMYK', '-depth', '16'], 'lab': ['-colorspace', 'Lab'], 'ycc': ['-colorspace', 'YCbCr'],
             'cmyk_planar': ['-colorspace', 'CMYK', '-interlace', 'plane']})
TIFFCP = {'predictor': ['-c', 'lzw:2'], 'predictor_zip': ['-c', 'zip:2'], 'separate': ['-p', 'separate'], 'separate_lzw': ['-p', 'separate', '-c', 'lzw:2'],
          'tiles': ['-t', '-w', '48', '-l', '32'], 'tiles_separate': ['-t', '-w', '16', '-l', '16', '-p', 'separate'], 'bigendian': ['-B'],
          'big': ['-8'], 'jpeg': ['-c', 'jpeg'], 'jpeg_rgb': ['-c', 'jpeg:r'], 'fill': ['-f', 'lsb2msb'], 'strips7': ['-r', '7', '-c', 'zip']}
PNG = {'im_rgb': [], 'im_palette': ['-type', 'Palette'], 'im_grey': ['-colorspace', 'Gray'], 'im_alpha': ['-alpha', 'on'], 'im_adam7': ['-interlace', 'PNG'],
       'im_48': ['-depth', '16'], 'im_filters': ['-quality', '95']}
GIF = {'im': [], 'im_interlaced': ['-interlace', 'GIF'], 'im_grey': ['-colorspace', 'Gray']}
BMP = {'im': [], 'im3': ['BMP3:'], 'im2': ['BMP2:'], 'im_palette': ['-type', 'Palette'], 'im_alpha': ['-alpha', 'on'], 'im_rle': ['-type', 'Palette', '-compress', 'RLE']}


def by_tool(rng, picture, folder, stem):
    source = os.path.join(folder, stem + '.ppm')
    with open(source, 'wb') as file:
        file.write(picture.ppm())

    def run(command):
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    tables = [('jpg', JPEG, 8), ('tif', TIFF, 10), ('png', PNG, 3), ('gif', GIF, 2), ('bmp', BMP, 2)]
    for extension, table, count in tables:
        for name in rng.sample(sorted(table), min(count, len(table))):
            options = [o for o in table[name] if not o.endswith(':')]
            prefix = ''.join(o for o in table[name] if o.endswith(':')) or {'tif': 'TIFF:'}.get(extension, '')
            run(['convert-im6.q16', source] + options + [prefix + os.path.join(folder, '%s_%s.%s' % (stem, name, extension))])
    for name in rng.sample(sorted(CJPEG), 5):
        run(['cjpeg', '-quality', str(rng.choice([30, 75, 95]))] + CJPEG[name] + ['-outfile', os.path.join(folder, '%s_c_%s.jpg' % (stem, name)), source])
    plain = os.path.join(folder, stem + '_plain.tif')
    run(['convert-im6.q16', source, 'TIFF:' + plain])
    for name in rng.sample(sorted(TIFFCP), 5):
        run(['tiffcp'] + TIFFCP[name] + [plain, os.path.join(folder, '%s_cp_%s.tif' % (stem, name))])


def make(folder, seed, count):
    """Writes pictures of `count` sources, and says how many files there are."""
    rng = random.Random(seed)
    for number in range(count):
        width, height = SIZES[number % len(SIZES)] if number < len(SIZES) else (rng.randrange(1, 200), rng.randrange(1, 200))
        picture = draw(rng, width, height)
        stem = 'p%03d' % number
        for extension, variants, share in (('bmp', bmp_variants, 0.4), ('png', png_variants, 0.3), ('gif', gif_variants, 0.6)):
            for name, data in variants(rng, picture):
                if rng.random() < share or number in (12, 17):
                    with open(os.path.join(folder, '%s_%s.%s' % (stem, name, extension)), 'wb') as file:
                        file.write(data)
        by_tool(rng, picture, folder, stem)
    return len(os.listdir(folder))
