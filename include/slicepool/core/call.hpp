// call.hpp: a numbered set of calls whose results come back as bytes: what a parallel loop is made of.
// Ranges and result types are the templates' of slicepool/pool/; here a call is a number.
#pragma once

#include <slicepool/core/shipment.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <typeinfo>
#include <utility>

namespace slicepool {

/// One worker's way of doing calls: its own copy of whatever a worker keeps from call to call. Destroyed by that worker.
class CallKernel {
public:
    CallKernel() = default;
    CallKernel(const CallKernel&) = delete;
    CallKernel& operator=(const CallKernel&) = delete;
    virtual ~CallKernel() = default;

    /// Does call `index` and appends its result. An exception fails this call only; what was appended is dropped.
    virtual void call(std::int64_t index, ByteWriter& result) = 0;
};

/// Something that makes kernels: `prepare()` is called once per worker and run, and is safe from many threads.
template <class C>
concept Callable = requires(const C& calls) {
    { calls.prepare() } -> std::same_as<std::unique_ptr<CallKernel>>;
};

/// Borrowed calls of any type: an address and a static table. The table's address is the same in every forked worker.
class CallRef {
public:
    struct Operations {
        std::unique_ptr<CallKernel> (*prepare)(const void*);
        const std::type_info* type;
    };

    CallRef() = default;
    CallRef(const void* object, const Operations* operations) noexcept : object_(object), operations_(operations) {}
    template <Callable C>
    explicit CallRef(const C& calls) noexcept : CallRef(&calls, &operations_of<C>) {}

    [[nodiscard]] std::unique_ptr<CallKernel> prepare() const { return operations_->prepare(object_); }
    [[nodiscard]] const void* object() const noexcept { return object_; }
    [[nodiscard]] const Operations* operations() const noexcept { return operations_; }
    [[nodiscard]] explicit operator bool() const noexcept { return operations_ != nullptr; }

    template <Callable C>
    static inline const Operations operations_of{
        [](const void* calls) { return static_cast<const C*>(calls)->prepare(); }, &typeid(C)};

private:
    const void* object_ = nullptr;
    const Operations* operations_ = nullptr;
};

/// Takes the results of calls, in the caller's process. Used by one thread at a time.
class CallSink {
public:
    CallSink() = default;
    CallSink(const CallSink&) = delete;
    CallSink& operator=(const CallSink&) = delete;
    virtual ~CallSink() = default;

    /// The result of call `index`, which was not taken before. The bytes are as untrusted as the worker: an exception
    /// fails the call.
    virtual void take(std::int64_t index, ByteReader& result) = 0;
    /// Call `index` has no result and will have none; the report says why.
    virtual void miss(std::int64_t index) { static_cast<void>(index); }
    /// How many calls, from the first, may have been begun so far; may grow at any time.
    [[nodiscard]] virtual std::int64_t allowance() const noexcept { return std::numeric_limits<std::int64_t>::max(); }
    /// The run sets what wake() calls; at its end, nothing.
    void wake_with(std::function<void()> wake) {
        const std::lock_guard lock(mutex_);
        wake_ = std::move(wake);
    }

protected:
    /// To be called, from any thread, when the allowance has grown.
    void wake() {
        const std::lock_guard lock(mutex_);
        if (wake_) wake_();
    }

private:
    std::mutex mutex_;
    std::function<void()> wake_;
};

}  // namespace slicepool
