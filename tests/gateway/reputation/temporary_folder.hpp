#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace postern::tests {

/// A folder of one test, removed with all that is in it.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "postern-lists-XXXXXX");
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] std::string path(const std::string& name) const { return path_ / name; }
    /// Beside its place, then renamed: how a careful writer does it.
    void put(const std::string& name, const std::string& text) const {
        std::ofstream(path(name) + ".new") << text;
        std::filesystem::rename(path(name) + ".new", path(name));
    }
    /// In its place: how an editor may do it.
    void write_in_place(const std::string& name, const std::string& text) const {
        std::ofstream(path(name)) << text;
    }

private:
    std::filesystem::path path_;
};

}  // namespace postern::tests
