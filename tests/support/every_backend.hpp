// every_backend.hpp: the backends that the contract holds for, and volumes to try them on.
#pragma once

#include <cstdint>

#include <slicepool/pool/pool.hpp>
#include <slicepool/pool/process_slices.hpp>

#include "support/catch.hpp"

namespace slicepool::test {

// A forked process under the thread sanitizer has no working runtime once the host has threads.
#if defined(__SANITIZE_THREAD__)
#define SLICEPOOL_EVERY_BACKEND GENERATE(slicepool::Backend::serial, slicepool::Backend::threads)
#define SLICEPOOL_EVERY_CONCURRENT_BACKEND GENERATE(values({slicepool::Backend::threads}))
#else
#define SLICEPOOL_EVERY_BACKEND \
    GENERATE(slicepool::Backend::serial, slicepool::Backend::threads, slicepool::Backend::processes)
#define SLICEPOOL_EVERY_CONCURRENT_BACKEND GENERATE(slicepool::Backend::threads, slicepool::Backend::processes)
#endif

/// A value that tells every pixel of a volume of up to 1000 pixels a side from every other, exact in every float.
template <PixelType T>
T pixel_at(std::int64_t z, std::int64_t y, std::int64_t x) {
    return static_cast<T>((z * 1009 + y * 101 + x * 7) % 30011);
}

template <PixelType T>
void number_pixels(const Volume<T>& volume) {
    for (std::int64_t z = 0; z < volume.shape().depth; ++z)
        for (std::int64_t y = 0; y < volume.shape().height; ++y)
            for (std::int64_t x = 0; x < volume.shape().width; ++x) volume(z, y, x) = pixel_at<T>(z, y, x);
}

template <PixelType T>
Volume<T> numbered_volume(const Shape& shape, Layout layout = Layout::c_order()) {
    auto volume = Volume<T>::create(shape, layout);
    number_pixels(volume);
    return volume;
}

template <PixelType T>
Volume<T> constant_volume(const Shape& shape, T value) {
    auto volume = Volume<T>::create(shape);
    for (std::int64_t i = 0; i < shape.count(); ++i) volume.data()[i] = value;
    return volume;
}

/// Pixels of two volumes of one shape that differ.
template <PixelType T, PixelType U>
std::int64_t differing_pixels(const Volume<T>& a, const Volume<U>& b) {
    std::int64_t differing = 0;
    for (std::int64_t z = 0; z < a.shape().depth; ++z)
        for (std::int64_t y = 0; y < a.shape().height; ++y)
            for (std::int64_t x = 0; x < a.shape().width; ++x)
                differing += static_cast<double>(a(z, y, x)) != static_cast<double>(b(z, y, x)) ? 1 : 0;
    return differing;
}

}  // namespace slicepool::test
