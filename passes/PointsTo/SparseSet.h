// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sets of small integers as a sorted vector of 64-bit words, each with its index. Points-to sets and the edges of the
// constraint graph are such sets: tens of thousands of them are empty, most hold a few members close to each other (the
// locations of one object have neighbouring numbers), a few hold thousands. Every operation that the solver repeats is a
// merge of two sorted vectors, and the one that it repeats most reports what was new, since only news travels on.
#ifndef CAPRICCIO_POINTSTO_SPARSESET_H
#define CAPRICCIO_POINTSTO_SPARSESET_H

#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace capriccio::pointsto {

/// Members come in blocks of BlockSize, aligned. In a set of locations the first of a block stands for the whole block ("anywhere
/// in the object"): mergeDominated and insertDominated leave out what it covers already.
inline constexpr uint32_t BlockSize = 16;

class SparseSet {
  static constexpr uint64_t Firsts = 0x0001000100010001, Block = 0xFFFF;
  /// All members that the first ones among `Bits` cover, without themselves.
  static uint64_t covered(uint64_t Bits) { return (Bits & Firsts) * Block & ~Firsts; }
  struct Word {
    uint32_t Index;
    uint32_t Low, High; // bits 64 * Index ...; two halves, so that a word takes 12 bytes and not 16
    uint64_t bits() const { return Low | uint64_t(High) << 32; }
    void set(uint64_t Bits) {
      Low = uint32_t(Bits);
      High = uint32_t(Bits >> 32);
    }
  };
  Word *Words = nullptr;
  uint32_t Count = 0, Capacity = 0;
  static inline uint64_t Allocated = 0, Peak = 0; // bytes held by all sets

  void reserve(uint32_t N) {
    if (N <= Capacity)
      return;
    uint32_t New = std::max({N, Capacity + Capacity / 2, 2u});
    Words = static_cast<Word *>(std::realloc(Words, New * sizeof(Word)));
    if (!Words)
      std::abort();
    Allocated += uint64_t(New - Capacity) * sizeof(Word);
    Peak = std::max(Peak, Allocated);
    Capacity = New;
  }
  Word *lower(uint32_t Index) const {
    return std::lower_bound(Words, Words + Count, Index, [](const Word &W, uint32_t I) { return W.Index < I; });
  }

public:
  SparseSet() = default;
  SparseSet(const SparseSet &) = delete;
  SparseSet &operator=(const SparseSet &) = delete;
  SparseSet(SparseSet &&O) noexcept { swap(O); }
  SparseSet &operator=(SparseSet &&O) noexcept {
    swap(O);
    return *this;
  }
  ~SparseSet() { clear(); }

  /// Bytes held by all sets at the most since resetPeak().
  static uint64_t peakBytes() { return Peak; }
  static void resetPeak() { Peak = Allocated; }

  void swap(SparseSet &O) {
    std::swap(Words, O.Words);
    std::swap(Count, O.Count);
    std::swap(Capacity, O.Capacity);
  }
  void clear() {
    Allocated -= uint64_t(Capacity) * sizeof(Word);
    std::free(Words);
    Words = nullptr;
    Count = Capacity = 0;
  }
  bool empty() const { return Count == 0; }
  /// Words of 64 members: what a merge costs.
  uint32_t words() const { return Count; }
  size_t size() const {
    size_t N = 0;
    for (uint32_t I = 0; I != Count; ++I)
      N += llvm::popcount(Words[I].bits());
    return N;
  }
  bool contains(uint32_t V) const {
    const Word *W = lower(V / 64);
    return W != Words + Count && W->Index == V / 64 && (W->bits() >> (V % 64) & 1);
  }
  /// True if V was not a member.
  bool insert(uint32_t V) {
    uint32_t Index = V / 64;
    uint64_t Bit = uint64_t(1) << (V % 64);
    Word *W = Count && Words[Count - 1].Index < Index ? Words + Count : lower(Index);
    if (W != Words + Count && W->Index == Index) {
      uint64_t Old = W->bits();
      W->set(Old | Bit);
      return !(Old & Bit);
    }
    size_t At = W - Words;
    reserve(Count + 1);
    std::memmove(Words + At + 1, Words + At, (Count - At) * sizeof(Word));
    Words[At].Index = Index;
    Words[At].set(Bit);
    ++Count;
    return true;
  }

  /// True if `V` was not a member, nor covered.
  bool insertDominated(uint32_t V) {
    Word *W = lower(V / 64);
    if (W == Words + Count || W->Index != V / 64)
      return insert(V);
    uint64_t Bit = uint64_t(1) << (V % 64), Old = W->bits();
    if ((Old | covered(Old)) & Bit)
      return false;
    Old |= Bit;
    W->set(Old & ~covered(Old));
    return true;
  }

  /// Adds the members of `From`; those that were new are also added to `News`. True if there were any.
  bool merge(const SparseSet &From, SparseSet *News = nullptr) { return mergeWith<false>(From, News); }
  bool mergeDominated(const SparseSet &From, SparseSet *News = nullptr) { return mergeWith<true>(From, News); }

private:
  template <bool Dominated> bool mergeWith(const SparseSet &From, SparseSet *News) {
    uint32_t Missing = 0;
    bool Changed = false;
    {
      const Word *A = Words, *AE = Words + Count;
      for (const Word *B = From.Words, *BE = B + From.Count; B != BE; ++B) {
        // Small sets poured into large ones are the rule: skip ahead by halves.
        if (AE - A > 16)
          A = std::lower_bound(A, AE, B->Index, [](const Word &W, uint32_t I) { return W.Index < I; });
        else
          while (A != AE && A->Index < B->Index)
            ++A;
        if (A == AE || A->Index != B->Index) {
          ++Missing;
          Changed = true;
        } else if (B->bits() & ~(Dominated ? A->bits() | covered(A->bits()) : A->bits())) {
          Changed = true;
        }
      }
    }
    if (!Changed)
      return false;
    SparseSet Fresh;
    Fresh.reserve(From.Count);
    reserve(Count + Missing);
    // From the back, so that each word moves once.
    Word *Out = Words + Count + Missing, *A = Words + Count;
    const Word *B = From.Words + From.Count;
    while (B != From.Words) {
      if (A != Words && A[-1].Index > B[-1].Index) {
        *--Out = *--A;
        continue;
      }
      --B;
      uint64_t New = B->bits();
      if (A != Words && A[-1].Index == B->Index) {
        --A;
        uint64_t Old = A->bits();
        --Out;
        *Out = *A;
        if (Dominated) {
          New &= ~(Old | covered(Old));
          New &= ~covered(New);
          Out->set((Old | New) & ~covered(Old | New));
        } else {
          Out->set(Old | New);
          New &= ~Old;
        }
      } else {
        *--Out = *B;
        if (Dominated) {
          New &= ~covered(New);
          Out->set(New);
        }
      }
      if (News && New) {
        Word &F = Fresh.Words[Fresh.Count++];
        F.Index = B->Index;
        F.set(New);
      }
    }
    Count += Missing;
    if (News) {
      std::reverse(Fresh.Words, Fresh.Words + Fresh.Count);
      if (News->empty())
        News->swap(Fresh);
      else
        News->mergeWith<Dominated>(Fresh, nullptr);
    }
    return true;
  }

public:
  /// Keeps only the members that `O` has too.
  void intersect(const SparseSet &O) {
    uint32_t Out = 0;
    const Word *B = O.Words, *BE = B + O.Count;
    for (uint32_t I = 0; I != Count; ++I) {
      while (B != BE && B->Index < Words[I].Index)
        ++B;
      if (B == BE || B->Index != Words[I].Index)
        continue;
      if (uint64_t Bits = Words[I].bits() & B->bits()) {
        Words[Out] = Words[I];
        Words[Out++].set(Bits);
      }
    }
    Count = Out;
  }
  /// Removes the members of `O`.
  void subtract(const SparseSet &O) {
    uint32_t Out = 0;
    const Word *B = O.Words, *BE = B + O.Count;
    for (uint32_t I = 0; I != Count; ++I) {
      while (B != BE && B->Index < Words[I].Index)
        ++B;
      uint64_t Bits = Words[I].bits();
      if (B != BE && B->Index == Words[I].Index)
        Bits &= ~B->bits();
      if (Bits) {
        Words[Out] = Words[I];
        Words[Out++].set(Bits);
      }
    }
    Count = Out;
  }
  /// Removes the members whose bit is set.
  void subtract(const std::vector<uint64_t> &Bits) {
    uint32_t Out = 0;
    for (uint32_t I = 0; I != Count; ++I)
      if (uint64_t Rest = Words[I].bits() & ~Bits[Words[I].Index]) {
        Words[Out] = Words[I];
        Words[Out++].set(Rest);
      }
    Count = Out;
  }
  /// Becomes the members of `O` from `First` on and before `Last`, each `Shift` higher; all three are multiples of 64.
  void slice(const SparseSet &O, uint32_t First, uint32_t Last, uint32_t Shift) {
    const Word *B = O.lower(First / 64), *E = O.lower(Last / 64);
    Count = 0;
    reserve(E - B);
    for (; B != E; ++B) {
      Words[Count] = *B;
      Words[Count++].Index += Shift / 64;
    }
  }
  void remove(uint32_t V) {
    Word *W = lower(V / 64);
    if (W == Words + Count || W->Index != V / 64)
      return;
    W->set(W->bits() & ~(uint64_t(1) << V % 64));
    if (!W->bits()) {
      std::memmove(W, W + 1, (Words + Count - W - 1) * sizeof(Word));
      --Count;
    }
  }
  void copyFrom(const SparseSet &O) {
    Count = 0;
    reserve(O.Count);
    if (O.Count)
      std::memcpy(Words, O.Words, O.Count * sizeof(Word));
    Count = O.Count;
  }

  /// Calls `Do` with each member, ascending. The set must not change meanwhile.
  template <typename Fn> void each(Fn Do) const {
    for (uint32_t I = 0; I != Count; ++I)
      for (uint64_t Bits = Words[I].bits(); Bits; Bits &= Bits - 1)
        Do(Words[I].Index * 64 + uint32_t(llvm::countr_zero(Bits)));
  }
};

} // namespace capriccio::pointsto

#endif
