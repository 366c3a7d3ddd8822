// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The JSON report: what was decided for each function and each call site, and why, with totals.
#ifndef CAPRICCIO_REPORT_H
#define CAPRICCIO_REPORT_H

#include "BlockingChains.h"
#include "CallGraph.h"
#include "DynamicAlloca.h"
#include "IndirectTargets.h"
#include "Options.h"
#include "SpinLoops.h"
#include "ThreadLocals.h"

namespace capriccio {

/// Collected before the second edit, while names are the program's own; written when the pass has succeeded.
std::string renderReport(const CallGraph &G, const Externals &X, const IndirectTargets &Targets,
                         const BlockingChains &Chains, const DynamicAllocas &Allocas, const ThreadLocals &Locals,
                         const SpinLoops &Spins, const Options &O);

/// Writes `Text` to O.ReportFile, by way of a temporary file beside it.
void writeReport(const std::string &Text, const Options &O);

} // namespace capriccio

#endif
