#include "ledger/slice_record.hpp"

#include <algorithm>
#include <cstring>

namespace slicepool {

std::uint32_t MessageBoard::write(std::string_view text) noexcept {
    if (next_.load(std::memory_order_relaxed) >= kMessages) return 0;
    const std::uint32_t number = next_.fetch_add(1, std::memory_order_relaxed);
    if (number >= kMessages) return 0;
    std::size_t bytes = std::min(text.size(), kMessageBytes - 1);
    const auto continues_character = [&](std::size_t at) {
        return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
    };
    while (bytes < text.size() && bytes > 0 && continues_character(bytes)) --bytes;  // never half of a UTF-8 character
    std::memcpy(texts_[number], text.data(), bytes);
    texts_[number][bytes] = '\0';
    return number + 1;
}

std::string_view MessageBoard::read(std::uint32_t number) const noexcept {
    if (number == 0 || number > kMessages) return {};
    const char* const text = texts_[number - 1];
    return {text, static_cast<std::size_t>(std::find(text, text + kMessageBytes, '\0') - text)};
}

void WorkerMailbox::reset() noexcept {
    slice.store(-1);
    unheard_failure.store(-1);
    for (auto* number : {&slice_start_ns, &slices_done, &slices_failed, &busy_ns, &cpu_ns, &first_claim_ns})
        number->store(0);
}

void WorkerMailbox::reset_for_newborn() noexcept {
    const std::int64_t first_claim = first_claim_ns.load();
    reset();
    first_claim_ns.store(first_claim);
    for (auto* flag : {&finished_run, &retired, &asked_to_retire}) flag->store(0);
}

}  // namespace slicepool
