// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the solver was told, beside what it made of it: each constraint of each instance once, with the nodes as they were before
// cycles were merged, and the condition under which it holds. FunctionFlow reads it when the solver is done, to follow
// functions once more, this time with all that is known of pointers to data.
#ifndef CAPRICCIO_POINTSTO_RECORD_H
#define CAPRICCIO_POINTSTO_RECORD_H

#include "AccessTypes.h"
#include "Objects.h"

namespace capriccio::pointsto {

struct Record {
  /// Index into Conditions; 0: holds always.
  using Condition = uint32_t;
  struct Case {
    uint32_t Call;           // index of a call through a pointer: holds once that may reach ...
    const llvm::Function *F; // ... this function; null: code outside
  };
  struct Flow {
    NodeId From, To;
    Condition If;
  };
  struct Access { // 8 bytes at Pointer + Offset: Value is loaded or stored
    NodeId Pointer, Value;
    int64_t Offset; // bytes
    AccessType Type;
    Condition If;
  };
  struct MemoryCopy {
    NodeId To, From;
    uint64_t Size; // bytes; UnknownSize: unknown
    Condition If;
  };
  struct Mark {
    NodeId N;
    Condition If;
  };

  std::vector<Case> Conditions = {{None, nullptr}};
  std::vector<Flow> Flows;
  std::vector<Access> Loads, Stores;
  std::vector<MemoryCopy> Copies;
  std::vector<Mark> FromOutside; // nodes that hold what comes from outside
  std::vector<Mark> Passed;      // nodes whose values are arguments of code outside
  std::vector<const llvm::GlobalObject *> Roots; // known outside by name or by place

  uint64_t bytes() const {
    return Conditions.capacity() * sizeof(Case) + Flows.capacity() * sizeof(Flow) +
           (Loads.capacity() + Stores.capacity()) * sizeof(Access) + Copies.capacity() * sizeof(MemoryCopy) +
           (FromOutside.capacity() + Passed.capacity()) * sizeof(Mark);
  }
};

} // namespace capriccio::pointsto

#endif
