#include "io/npy_dictionary.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

#include "io/shown_text.hpp"

namespace slicepool::io {
namespace {

constexpr std::int64_t kLargestExtent = std::int64_t{1} << 62;
constexpr std::size_t kLargestRank = 64;  // NumPy's own limit

class Parser {
public:
    Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    NpyDictionary dictionary() {
        expect('{', "a dictionary");
        while (!accept('}')) {
            entry();
            if (accept(',')) continue;
            expect('}', "',' or '}'");
            break;
        }
        skip_space();
        if (at_ != text_.size())
            fail(fmt::format("there is text after the dictionary: \"{}\"", shown_text(text_.substr(at_))));
        for (const auto& [present, key] : {std::pair{descr_.has_value(), "descr"},
                                           {fortran_order_.has_value(), "fortran_order"},
                                           {shape_.has_value(), "shape"}})
            if (!present) fail(fmt::format("the key '{}' is missing", key));
        return {std::move(*descr_), *fortran_order_, std::move(*shape_)};
    }

private:
    [[noreturn]] void fail(const std::string& what) const {
        throw FormatError(fmt::format("'{}' has a damaged .npy header: {}", file_, what));
    }

    [[noreturn]] void expected(std::string_view what) const {
        fail(fmt::format("expected {} at byte {} of the dictionary, found {}", what, at_,
                         at_ < text_.size() ? fmt::format("\"{}\"", shown_text(text_.substr(at_))) : "its end"));
    }

    void skip_space() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
            ++at_;
    }

    [[nodiscard]] char next() {
        skip_space();
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    bool accept(char c) {
        if (next() != c || at_ == text_.size()) return false;
        ++at_;
        return true;
    }

    void expect(char c, std::string_view what) {
        if (!accept(c)) expected(what);
    }

    void entry() {
        const std::string key = quoted("a key in quotes");
        expect(':', "':'");
        if (key == "descr")
            set(descr_, key, next() == '[' ? list() : quoted("a type in quotes"));
        else if (key == "fortran_order")
            set(fortran_order_, key, boolean());
        else if (key == "shape")
            set(shape_, key, extents());
        else
            fail(fmt::format("the key '{}' is none of descr, fortran_order, shape", shown_text(key)));
    }

    template <class Value>
    void set(std::optional<Value>& slot, std::string_view key, Value value) const {
        if (slot) fail(fmt::format("the key '{}' stands there twice", key));
        slot = std::move(value);
    }

    std::string quoted(std::string_view what) {
        const char quote = next();
        if (quote != '\'' && quote != '"') expected(what);
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) expected("a string that ends");
        const std::string_view content = text_.substr(at_ + 1, end - at_ - 1);
        if (content.find('\\') != std::string_view::npos) expected("a string without '\\'");
        at_ = end + 1;
        return std::string(content);
    }

    /// A structured type: only where it ends matters. Brackets inside its strings are none.
    std::string list() {
        const std::size_t start = at_;
        int depth = 0;
        do {
            const char c = next();
            if (at_ == text_.size()) expected("']'");
            if (c == '\'' || c == '"') {
                [[maybe_unused]] const std::string name = quoted("a name");
                continue;
            }
            depth += c == '[' ? 1 : c == ']' ? -1 : 0;
            ++at_;
        } while (depth > 0);
        return std::string(text_.substr(start, at_ - start));
    }

    bool boolean() {
        skip_space();
        for (const bool value : {true, false}) {
            const std::string_view word = value ? "True" : "False";
            if (!text_.substr(at_).starts_with(word)) continue;
            at_ += word.size();
            return value;
        }
        expected("True or False");
    }

    std::vector<std::int64_t> extents() {
        std::vector<std::int64_t> shape;
        expect('(', "a shape such as (1, 2, 3)");
        bool comma = true;
        while (!accept(')')) {
            if (!comma) expected("',' or ')'");
            if (shape.size() == kLargestRank) fail(fmt::format("the shape has more than {} extents", kLargestRank));
            shape.push_back(extent());
            comma = accept(',');
        }
        if (shape.size() == 1 && !comma) fail(fmt::format("the shape ({}) is a number, not a tuple", shape[0]));
        return shape;
    }

    std::int64_t extent() {
        if (next() == '-') fail("an extent of the shape is negative");
        const std::size_t start = at_;
        std::int64_t value = 0;
        for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
            if (value > kLargestExtent / 10)
                fail(fmt::format("the extent {} is beyond all memory", shown_text(text_.substr(start))));
            value = value * 10 + (text_[at_] - '0');
        }
        if (at_ == start) expected("an extent");
        if (text_[start] == '0' && at_ - start > 1) fail("an extent of the shape starts with 0");
        return value;
    }

    std::string_view text_;
    std::string_view file_;
    std::size_t at_ = 0;
    std::optional<std::string> descr_;
    std::optional<bool> fortran_order_;
    std::optional<std::vector<std::int64_t>> shape_;
};

}  // namespace

NpyDictionary parse_npy_dictionary(std::string_view text, std::string_view file) {
    return Parser(text, file).dictionary();
}

}  // namespace slicepool::io
