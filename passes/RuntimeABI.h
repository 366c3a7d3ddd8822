// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every symbol of the runtime that emitted code may name, declared once, with what the pass knows of its stack need.
// docs/abi.md is the contract; rt/stack/*.S is the other side.
#ifndef CAPRICCIO_RUNTIMEABI_H
#define CAPRICCIO_RUNTIMEABI_H

// The runtime's own constants: offsets and the reserve. Only the part that assembly sees.
#define __ASSEMBLER__ 1
#include "../rt/layout.h"
#undef __ASSEMBLER__

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include <cstdint>
#include <optional>

namespace capriccio {
namespace abi {

constexpr uint32_t Version = 1;

// What a call pushes.
constexpr uint64_t ReturnAddress = 8;

// Address space through which x86-64 addresses %fs, and the slot of glibc's thread control block that holds the limit.
constexpr unsigned FsAddressSpace = 257;
constexpr uint64_t FsLimit = 0x70;

constexpr const char *EntrySection = "capr_entry";
constexpr const char *StubSection = "capr_stub"; // those that nothing but calls refers to
constexpr const char *RuntimeSection = "capr_text"; // the runtime's code that is compiled with the program (rt/code.h)
constexpr const char *NoteSection = ".note.capriccio";
constexpr const char *ClaimsSection = ".note.capriccio.claims";

/// Of the claims note (docs/abi.md, "Claims"); changes apart from the ABI's, since only capstack reads it.
constexpr uint32_t ClaimsVersion = 5;

/// The notes' name and types; type 2 are the claims.
constexpr const char *NoteName = "Capriccio";
constexpr uint32_t NoteTotals = 1;
constexpr uint32_t NoteExports = 3;

/// Stubs of the runtime, jumped to from the stubs that the pass emits.
constexpr const char *Link = "__capr_link";
constexpr const char *Borrow = "__capr_borrow";
constexpr const char *BorrowArgs = "__capr_borrow_args";
constexpr const char *ICall = "__capr_icall";
/// Where calls through pointers go whose target (r10) is no entry stub of this module, but may be one of another.
constexpr const char *Far = "__capr_far";
constexpr const char *FarArgs = "__capr_far_args";
constexpr const char *FarVariadic = "__capr_far_variadic";
constexpr const char *CheckICall = "__capr_check_icall";

/// The slots of the C library's leaf functions, and what the canary check calls: named in the claims note only.
constexpr const char *LeafSlots = "capr__leaf_slots";
constexpr const char *StackCheckFail = "__stack_chk_fail";

/// The slow path of a function that never blocks: to the big stack, or, from there, on to a chunk.
constexpr const char *Grow = "__capr_grow";

/// Both, where the check left the lowest address asked for in r11 and no arguments have to move.
constexpr const char *LinkChecked = "__capr_link_checked";
constexpr const char *GrowChecked = "__capr_grow_checked";

/// Where every thread gives way.
constexpr const char *Switch = "capr__switch";

/// What each of them pushes below the return address on the stack that ran short; the reserve below the limit holds it.
constexpr uint64_t SlowPath = 8;
static_assert(SlowPath <= CAPR_RESERVE, "the slow path has to fit the reserve below each limit");

/// Called for dynamic allocas that do not fit, see DynamicAlloca.cpp.
constexpr const char *Alloca = "__capr_alloca";
constexpr const char *Unwind = "__capr_alloca_unwind";

/// Thread-locals: worker.self at WorkerSelf, thread.tls at ThreadTls; the slow path makes the block.
constexpr const char *Worker = "capr__worker";
constexpr uint64_t WorkerSelf = CAPR_W_SELF;
constexpr uint64_t ThreadTls = CAPR_T_TLS;
constexpr const char *TlsSlow = "__capr_tls_slow";
constexpr const char *TlsImage = "__capr_tls_image";
constexpr const char *TlsSize = "__capr_tls_size";
constexpr const char *TlsAlign = "__capr_tls_align";

/// The word of the running thread that says by which calls it came where it is: worker.context, and how it is turned at calls
/// through pointers. Tables that decode it: docs/abi.md, "Contexts".
constexpr uint64_t WorkerContext = CAPR_W_CONTEXT;
constexpr uint64_t ContextMix = CAPR_CONTEXT_MIX;
constexpr uint64_t ContextSpread = CAPR_CONTEXT_SPREAD;
constexpr uint64_t ContextMark = CAPR_CONTEXT_MARK;
constexpr uint64_t ContextMarkShift = CAPR_CONTEXT_MARK_SHIFT;
constexpr uint32_t ContextOutside = CAPR_CONTEXT_OUTSIDE;
constexpr uint32_t ContextSink = CAPR_CONTEXT_SINK;
constexpr const char *ContextAt = "__capr_context_at"; // in a shared object: the word's distance from %fs
constexpr const char *ContextFunctions = "__capr_context_functions";
constexpr const char *ContextSites = "__capr_context_sites";
constexpr const char *ContextRoutines = "__capr_context_routines";
constexpr const char *ContextCounts = "__capr_context_counts";
constexpr const char *ContextText = "__capr_context_text";
constexpr const char *ContextCalls = "capr_calls"; // a section: return addresses

/// While worker.armed, the runtime is told of each block of the heap that is taken or given back.
constexpr uint64_t WorkerArmed = CAPR_W_ARMED;
constexpr const char *HeapTaken = "capr__heap_taken";
constexpr const char *HeapGiven = "capr__heap_given";
/// Where loops that wait give way (SpinLoops.cpp), and the rounds that are left until then: worker.spin_left, or, in a shared object,
/// a variable of its own.
constexpr const char *SpinTurn = "__capr_spin_turn";
constexpr const char *SpinLeft = "__capr_spin_left";
constexpr uint64_t WorkerSpinLeft = CAPR_W_SPIN_LEFT;

/// Constants that the pass defines for the runtime, which declares them weak.
constexpr const char *MaxPath = "__capr_max_path";
constexpr const char *MinChunk = "__capr_min_chunk";
constexpr const char *LeafBuildId = "__capr_leaf_build_id";
constexpr const char *LeafTrusted = "__capr_leaf_trusted";
constexpr const char *LeafBuildIdSize = "__capr_leaf_build_id_size";
constexpr const char *Preemptible = "__capr_preemptible";

} // namespace abi

/// Bytes below the return address that the named function of the runtime's assembly needs; nothing for any other.
std::optional<uint64_t> runtimeBound(llvm::StringRef Name);

/// Defines a hidden constant that the runtime declares weak, taking the place of a declaration.
llvm::GlobalVariable *defineForRuntime(llvm::Module &M, const char *Name, llvm::Constant *Value);

/// Declares a stub of the runtime, hidden, without a prototype that matters: it is only ever jumped to or called through
/// a call instruction of the right type.
llvm::Function *declareStub(llvm::Module &M, const char *Name);

} // namespace capriccio

#endif
