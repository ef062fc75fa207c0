#include "os/shared_heap.hpp"

#include <boost/interprocess/indexes/iset_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>

namespace slicepool::os {
namespace bi = boost::interprocess;

// iset_index: null_index fails a static assertion in Boost 1.74. The mutex family is null: the caller serialises.
using Buffer = bi::basic_managed_external_buffer<char, bi::rbtree_best_fit<bi::null_mutex_family, bi::offset_ptr<void>>,
                                                 bi::iset_index>;

struct SharedHeap::Segment {
    explicit Segment(std::span<std::byte> range) : buffer(bi::create_only, range.data(), range.size()) {}
    Buffer buffer;
};

SharedHeap::SharedHeap(std::span<std::byte> range) : segment_(std::make_unique<Segment>(range)) {}
SharedHeap::~SharedHeap() = default;

std::byte* SharedHeap::allocate(std::size_t bytes, std::size_t alignment) noexcept {
    return static_cast<std::byte*>(segment_->buffer.allocate_aligned(bytes, alignment, std::nothrow));
}

void SharedHeap::deallocate(std::byte* block) noexcept { segment_->buffer.deallocate(block); }

}  // namespace slicepool::os
