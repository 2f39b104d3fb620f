// Makes ClamAV signatures ready: out of the cache when nothing has changed,
// else compiled, and kept for the next time.
//
//   if (!AddClamav("/var/lib/clamav", options, worker_program, content)) ...   // Said already.
#pragma once

#include <string>

#include "content_loader.h"

namespace dl::cli {

// False when the source cannot be used, and nothing of it is there.
bool AddClamav(const std::string& path, const ContentOptions& options, const sandbox::WorkerProgram& worker_program,
               LoadedContent& content);

// What the machine's own ClamAV has, if there is one. What is wrong with it is a
// warning: nobody asked for it.
void AddDefaultClamav(const ContentOptions& options, const sandbox::WorkerProgram& worker_program,
                      LoadedContent& content);

// Removes what came out of the cache and is damaged, so that it is compiled again
// the next time. Reads it all: for when there is a reason to think so.
void DropDamagedEntries(const LoadedContent& content);

}  // namespace dl::cli
