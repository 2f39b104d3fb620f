// Virtual disks, read as the disk that a machine sees in them: QCOW2, VMDK, VHD, VDI.
//
//   if (IsVirtualDisk(probe)) {
//     DL_TRY(const auto disk, OpenVirtualDisk(probe));
//     disk->ReadAt(0, sector);
//   }
//
// What nothing was written to reads as zeros, and RunAt() tells it as a hole. Disks
// that lie upon others (backing files, snapshots of VMDK, differencing VHD) are told as
// unsupported: the rest of them is in another file.
#pragma once

#include <memory>

#include "daylight/unpack/disk/disk_source.h"
#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

// By its magic.
bool IsVirtualDisk(const Probe& probe);

struct DiskError {
  std::string_view reason;  // As Sink::Closed takes it.
  std::string_view detail;
};

// Borrows the probe's object.
tl::expected<std::unique_ptr<DiskSource>, DiskError> OpenVirtualDisk(const Probe& probe);

// One of each kind; the bytes begin with its magic, or end with it (VHD).
tl::expected<std::unique_ptr<DiskSource>, DiskError> OpenQcow(const Probe& probe);
tl::expected<std::unique_ptr<DiskSource>, DiskError> OpenVmdk(const Probe& probe);
tl::expected<std::unique_ptr<DiskSource>, DiskError> OpenVhd(const Probe& probe);
tl::expected<std::unique_ptr<DiskSource>, DiskError> OpenVdi(const Probe& probe);

}  // namespace dl::unpack
