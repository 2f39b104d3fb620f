// SPDX-License-Identifier: Apache-2.0
// ELF files whose structure says that somebody packed, patched or infected them.
import "elf"

rule Packed_ELF_UPX_Damaged : packed
{
  meta:
    description = "ELF packed with UPX whose headers were altered so that it cannot be unpacked"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1027/002/"
    author = "Daylight"
  strings:
    $stub_1 = "This file is packed with the UPX executable packer"
    $stub_2 = "PROT_EXEC|PROT_WRITE failed."
    $stub_3 = "the UPX Team. All Rights Reserved."
    $magic = "UPX!"
  condition:
    uint32(0) == 0x464C457F and filesize > 1024 and filesize < 64MB and any of ($stub_*) and
    (
      // l_info (checksum, "UPX!", size, version, format) follows the program headers.
      (uint8(4) == 2 and uint8(5) == 1 and uint16(60) == 0 and uint16(56) < 8 and
       uint32(64 + 56 * uint16(56) + 4) != 0x21585055)
      or
      (uint8(4) == 1 and uint8(5) == 1 and uint16(48) == 0 and uint16(44) < 8 and
       uint32(52 + 32 * uint16(44) + 4) != 0x21585055)
      or
      (uint8(4) == 1 and uint8(5) == 2 and uint16be(48) == 0 and uint16be(44) < 8 and
       uint32(52 + 32 * uint16be(44) + 4) != 0x21585055)
      or
      // Or the trailer that names the methods is gone: "UPX!" in the last 64 bytes.
      (elf.number_of_sections == 0 and not $magic in (filesize - 64..filesize))
    )
}

rule Tampered_ELF_NoSections : tampered
{
  meta:
    description = "Small ELF program without section headers that needs no loader: stripped beyond what tools do"
    severity = "low"
    reference = "https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.sheader.html"
    author = "Daylight"
  condition:
    uint32(0) == 0x464C457F and filesize > 512 and filesize < 8MB and
    elf.type == elf.ET_EXEC and elf.number_of_sections == 0 and elf.number_of_segments > 0 and
    for any segment in elf.segments : (segment.type == elf.PT_LOAD) and
    for all segment in elf.segments : (segment.type != elf.PT_INTERP and segment.type != elf.PT_DYNAMIC)
}

rule Tampered_ELF_EntryWritable : tampered
{
  meta:
    description = "ELF program whose first instruction lies in a segment that is writable and executable"
    severity = "medium"
    reference = "https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html"
    author = "Daylight"
  condition:
    uint32(0) == 0x464C457F and uint8(5) == 1 and filesize > 4096 and
    (elf.machine == elf.EM_X86_64 or elf.machine == elf.EM_386 or elf.machine == elf.EM_AARCH64) and
    (elf.type == elf.ET_EXEC or elf.type == elf.ET_DYN) and
    // e_entry; its upper half, in 64-bit files, is zero for all but kernels.
    uint32(24) != 0 and (uint8(4) == 1 or uint32(28) == 0) and
    // Boot loaders start where no process may (vm.mmap_min_addr).
    (elf.type == elf.ET_DYN or uint32(24) >= 0x10000) and
    for any segment in elf.segments : (
      segment.type == elf.PT_LOAD and segment.flags & 3 == 3 and
      uint32(24) >= segment.virtual_address and uint32(24) < segment.virtual_address + segment.memory_size
    )
}

rule Tampered_ELF_AppendedEntry : tampered
{
  meta:
    description = "ELF program that starts in a segment appended after its section headers: the way of file infectors"
    severity = "high"
    reference = "https://attack.mitre.org/techniques/T1554/"
    author = "Daylight"
  condition:
    uint32(0) == 0x464C457F and uint8(5) == 1 and filesize > 4096 and elf.number_of_sections > 2 and
    (elf.type == elf.ET_EXEC or elf.type == elf.ET_DYN) and
    elf.sh_offset > 4096 and uint32(24) != 0 and (uint8(4) == 1 or uint32(28) == 0) and
    for any segment in elf.segments : (
      segment.type == elf.PT_LOAD and segment.flags & 1 == 1 and
      segment.offset >= elf.sh_offset and
      uint32(24) >= segment.virtual_address and uint32(24) < segment.virtual_address + segment.memory_size
    )
}

rule Tampered_ELF_NoteTurnedLoad : tampered
{
  meta:
    description = "ELF program that starts in an executable segment far above the others and outside every section: a note segment turned into code"
    severity = "high"
    reference = "https://tmpout.sh/1/2.html"
    author = "Daylight"
  condition:
    uint32(0) == 0x464C457F and filesize > 4096 and elf.number_of_sections > 2 and elf.machine == elf.EM_X86_64 and
    (elf.type == elf.ET_EXEC or elf.type == elf.ET_DYN) and
    uint32(24) >= 0x0C000000 and uint32(28) == 0 and
    for any segment in elf.segments : (
      segment.type == elf.PT_LOAD and segment.flags & 1 == 1 and
      uint32(24) >= segment.virtual_address and uint32(24) < segment.virtual_address + segment.memory_size
    ) and
    for all section in elf.sections : (
      not (section.address != 0 and uint32(24) >= section.address and uint32(24) < section.address + section.size)
    )
}
