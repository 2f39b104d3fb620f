// Authenticode signatures as facts, by the names of YARA's `pe` module and by
// those of YARA-X, which other modules have too.
//
//   t.StructArray("signatures", SignatureType());
//   SetSignature(signature, root.Array("signatures").AppendStruct());
#pragma once

#include "daylight/formats/pe/authenticode.h"
#include "daylight/rules/yara/module.h"

namespace dl::yara::pe_module {

// As YARA 4.5 has it.
const StructType& SignatureType();
// As YARA-X has it: truth values are booleans, there is `more_info`, and no `length_of_chain`.
const StructType& YaraXSignatureType();

// `to` is of one of these types.
void SetSignature(const pe::Signature& signature, StructValue& to);

}  // namespace dl::yara::pe_module
