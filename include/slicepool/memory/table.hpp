// table.hpp: rows of plain values in shared memory, one for each slice of a run: means, maxima, shifts.
// It knows nothing of who writes it (pool/), and is no volume: its rows have no pixel type.
#pragma once

#include <slicepool/core/error.hpp>
#include <slicepool/memory/volume.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>

namespace slicepool {

/// What a row may be: a number, a std::array of numbers, a struct of plain values. It is copied by its bytes.
template <class Row>
concept TableRow =
    std::is_trivially_copyable_v<Row> && std::is_same_v<Row, std::remove_cv_t<Row>> && !std::is_pointer_v<Row> &&
    alignof(Row) <= alignof(std::max_align_t);

/// The row of a slice that was not completed, unless the table's maker names another: NaN for floating numbers and arrays
/// of them, Row{} for everything else (so a struct's own member initialisers decide).
template <TableRow Row>
[[nodiscard]] Row missing_row() {
    if constexpr (std::floating_point<Row>) {
        return std::numeric_limits<Row>::quiet_NaN();
    } else {
        Row row{};
        if constexpr (requires { std::tuple_size<Row>::value; })
            if constexpr (std::floating_point<typename Row::value_type>)
                row.fill(std::numeric_limits<typename Row::value_type>::quiet_NaN());
        return row;
    }
}

/// A table. A handle: copies share the rows, which live until the last handle is gone. Handles may be used from many
/// threads; the rows are as safe as plain memory.
template <TableRow Row>
class Table {
public:
    Table() = default;
    /// `rows` rows, all of them `missing`. Throws InvalidArgument for a negative number, SystemError (ENOMEM) when the
    /// machine cannot hold them.
    [[nodiscard]] static Table create(std::int64_t rows, const Row& missing = missing_row<Row>()) {
        if (rows < 0) throw InvalidArgument("a table of " + std::to_string(rows) + " rows: 0 or more");
        Table table;
        table.rows_ = rows;
        // One row more than anybody asked for: what a row looks like that is missing, for workers and host to see.
        table.volume_ = AnyVolume::create(DType::u8, {rows + 1, 1, static_cast<std::int64_t>(sizeof(Row))});
        for (std::int64_t number = 0; number <= rows; ++number) table[number] = missing;
        return table;
    }

    [[nodiscard]] std::int64_t size() const noexcept { return rows_; }
    /// 0 <= number < size(); not checked.
    [[nodiscard]] Row& operator[](std::int64_t number) const noexcept {
        return reinterpret_cast<Row*>(volume_.data())[number];
    }
    [[nodiscard]] Row* begin() const noexcept { return reinterpret_cast<Row*>(volume_.data()); }
    [[nodiscard]] Row* end() const noexcept { return begin() + rows_; }
    /// The bytes, uint8 (size() + 1, 1, sizeof(Row)); the last row is the missing one.
    [[nodiscard]] const AnyVolume& any() const noexcept { return volume_; }

private:
    AnyVolume volume_;
    std::int64_t rows_ = 0;
};

}  // namespace slicepool
