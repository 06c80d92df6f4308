#pragma once

/// @file The words behind `postern`, taken apart: options anywhere, values as "--name value" or
/// "--name=value", "--" ends options, "-" is a word.

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern::cli {

/// What a command understands. The order is the order in its help.
struct Option {
    std::string_view name;   ///< without dashes
    std::string_view value;  ///< what it takes, for the help: "ADDRESS"; empty: a switch
    std::string_view help;
};

/// A usage error: the sentence is shown with a pointer to --help, exit 2.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Arguments {
public:
    /// Throws UsageError on an option that is not in `known`, or without its value.
    Arguments(const std::vector<std::string>& words, const std::vector<Option>& known);

    [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
    [[nodiscard]] bool has(std::string_view option) const;
    /// The last value given.
    [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
    /// All values, in order.
    [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
    /// A whole number within bounds; throws UsageError on anything else.
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view option, std::int64_t least,
                                                     std::int64_t most) const;

private:
    std::vector<std::string> words_;
    std::multimap<std::string, std::string, std::less<>> options_;
};

}  // namespace postern::cli
