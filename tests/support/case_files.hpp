#pragma once

/// @file Case files: plain, or (NAME.hex) bytes in hexadecimal, so that no binary is in the tree.

#include <charconv>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/support/data_files.hpp"

namespace postern::testing_support {

/// Lines of hexadecimal digits; "00*20" is twenty zeros, "#" begins a comment.
inline std::string from_hex(const std::string& text) {
    std::string bytes;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        for (std::string word; words >> word;) {
            const std::size_t star = word.find('*');
            const std::size_t times =
                star == std::string::npos ? 1 : std::stoul(word.substr(star + 1));
            const std::string digits = word.substr(0, star);
            if (digits.size() % 2 != 0) throw std::runtime_error("odd number of digits: " + line);
            std::string run;
            for (std::size_t i = 0; i < digits.size(); i += 2) {
                unsigned value = 0;
                const auto result = std::from_chars(&digits[i], &digits[i] + 2, value, 16);
                if (result.ptr != &digits[i] + 2)
                    throw std::runtime_error("not hexadecimal: " + line);
                run += static_cast<char>(value);
            }
            for (std::size_t i = 0; i < times; ++i) bytes += run;
        }
    }
    return bytes;
}

struct CaseFile {
    std::string name;  ///< without ".hex"
    std::string bytes;
};

inline CaseFile read_case(const std::filesystem::path& path) {
    if (path.extension() == ".hex") return {path.stem().string(), from_hex(read_file(path))};
    return {path.filename().string(), read_file(path)};
}

/// The folder of published suites, from POSTERN_SUITES; empty if it is not set or lacks `suite`.
inline std::filesystem::path suite_folder(const char* suite) {
    const char* root = std::getenv("POSTERN_SUITES");
    if (root == nullptr || !std::filesystem::is_directory(std::filesystem::path(root) / suite))
        return {};
    return std::filesystem::path(root) / suite;
}

/// Regular files below `folder`, sorted, without the notes that describe a suite.
inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_regular_file() && name != "ORIGIN.txt" && !name.ends_with(".jsonl")) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace postern::testing_support
