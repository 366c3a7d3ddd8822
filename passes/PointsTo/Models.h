// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What functions of the C library do to pointers, since their code is not in the module. Each effect is a statement of a small
// language, in which the table in Models.cpp is written; this header has its syntax tree, ModelParser.cpp reads it, and
// the solver turns statements into constraints (ModelConstraints.cpp).
//
//   statement := [unless aN & mask] (target = value | call value(value, ...) [-> target] | copy value value [aN]) | unknown
//   target    := r | n | @channel | *value            what is assigned: result, temporary, channel, 8 bytes in memory
//   value     := aN | r | n | @channel | lib | ext | - | ~value | *value | %value | value[aN] | new | new(aN) | new(aN*aM)
//
// aN is the N-th argument, from 0; `lib` library data; `ext` External; `-` no pointer. ~v is anywhere in what v points to, *v
// the 8 bytes at v, %v short for *~v, v[aN] a row from v with stride aN. `new` is a heap object of that many bytes. `copy`
// copies aN bytes, all without it. `unless` leaves a statement out where that argument is a constant with a bit of the mask. `unknown`:
// what any function without a row does, besides.
#ifndef CAPRICCIO_POINTSTO_MODELS_H
#define CAPRICCIO_POINTSTO_MODELS_H

#include "Constraints.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>

namespace capriccio::pointsto {

struct ModelValue {
  enum Kind : uint8_t { Nothing, Argument, Result, Temporary, Shared, Library, Outside, Heap, Anywhere, Contents, Row } K = Nothing;
  unsigned A = None, B = None; // argument numbers: of Argument, of Heap's size (one, or a product), of Row's stride
  Channel Name = Escaped;      // of Shared
  std::unique_ptr<ModelValue> Of; // of Anywhere, Contents, Row
};
struct ModelStatement {
  enum Kind : uint8_t { Assign, CallBack, CopyMemory, AsUnknown } K;
  ModelValue Target; // Nothing: a callback's result is dropped
  ModelValue Source; // of Assign and CopyMemory; what CallBack calls
  std::vector<ModelValue> Arguments; // of CallBack
  unsigned Size = None;              // argument number, of CopyMemory
  unsigned Unless = None;            // argument number
  uint64_t Mask = 0;                 // of bits of Unless
};
struct Model {
  std::vector<ModelStatement> Statements;
  bool Allocates = false; // its result is a new heap object
  bool Kernel = false;    // pointers go to the kernel, or come back from there
};

/// The model of an external function, or null: then its arguments escape and its results are External.
const Model *modelOf(llvm::StringRef Name);

/// True for variables of libc whose contents are libc's own data (stdin, environ, optarg).
bool isLibraryVariable(llvm::StringRef Name);

/// Parses one row of the table; null and a message for text that is not in the language.
std::unique_ptr<Model> parseModel(llvm::StringRef Text, std::string &Error);

} // namespace capriccio::pointsto

#endif
