// index_iterator.hpp: an iterator over whatever computes its items from an index.
// It holds no item, and does not keep alive what it iterates over.
#pragma once

#include <compare>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

namespace slicepool::detail {

/// The items `source[0]`, `source[1]`, ... of a source that outlives it.
template <class Source>
class IndexIterator {
public:
    using difference_type = std::int64_t;
    using value_type = std::remove_cvref_t<decltype(std::declval<const Source&>()[difference_type{}])>;
    using iterator_concept = std::random_access_iterator_tag;
    using iterator_category = std::input_iterator_tag;  // all that C++17 grants to an iterator that makes its items

    constexpr IndexIterator() = default;
    constexpr IndexIterator(const Source& source, difference_type index) noexcept : source_(&source), index_(index) {}

    constexpr decltype(auto) operator*() const { return (*source_)[index_]; }
    constexpr decltype(auto) operator[](difference_type distance) const { return (*source_)[index_ + distance]; }

    constexpr IndexIterator& operator+=(difference_type distance) noexcept {
        index_ += distance;
        return *this;
    }
    constexpr IndexIterator& operator-=(difference_type distance) noexcept {
        index_ -= distance;
        return *this;
    }
    constexpr IndexIterator& operator++() noexcept { return *this += 1; }
    constexpr IndexIterator& operator--() noexcept { return *this -= 1; }
    constexpr IndexIterator operator++(int) noexcept { return std::exchange(*this, *this + 1); }
    constexpr IndexIterator operator--(int) noexcept { return std::exchange(*this, *this - 1); }

    friend constexpr IndexIterator operator+(IndexIterator a, difference_type distance) noexcept {
        return a += distance;
    }
    friend constexpr IndexIterator operator+(difference_type distance, IndexIterator a) noexcept {
        return a += distance;
    }
    friend constexpr IndexIterator operator-(IndexIterator a, difference_type distance) noexcept {
        return a -= distance;
    }
    friend constexpr difference_type operator-(const IndexIterator& a, const IndexIterator& b) noexcept {
        return a.index_ - b.index_;
    }
    friend constexpr bool operator==(const IndexIterator& a, const IndexIterator& b) noexcept {
        return a.index_ == b.index_;
    }
    friend constexpr std::strong_ordering operator<=>(const IndexIterator& a, const IndexIterator& b) noexcept {
        return a.index_ <=> b.index_;
    }

private:
    const Source* source_ = nullptr;
    difference_type index_ = 0;
};

}  // namespace slicepool::detail
