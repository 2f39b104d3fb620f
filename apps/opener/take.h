// Moving files into quarantine, for the opener's children.
#pragma once

#include "daylight/opener/options.h"
#include "daylight/opener/quarantine_child.h"

// Opens the quarantine in the child that it is called in.
dl::opener::TakeHandler TakeInto(const dl::opener::QuarantineOptions& options, const std::string& program_folder);
// Finishes what a process left undone; before anything is watched.
void RecoverQuarantine(const dl::opener::QuarantineOptions& options, const std::string& program_folder);
