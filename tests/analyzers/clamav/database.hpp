#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/sha256.hpp"
#include "analyzers/clamav/clamav.hpp"

namespace postern::testing_support {

/// The EICAR test file. In two halves, so that no scanner stops at this source.
inline std::string eicar() {
    return std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EI") +
           "CAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
}

inline std::string hex(std::string_view bytes) {
    return to_hex(as_bytes(bytes));
}

/// A folder that goes with its test.
class Folder {
public:
    Folder() {
        std::string name = ::testing::TempDir() + "postern-test.XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    void write(const std::string& name, std::string_view bytes) const {
        std::ofstream(path_ / name, std::ios::binary) << bytes;
    }

private:
    std::filesystem::path path_;
};

/// An engine with these signature files, and a scratch folder it can write to.
class Loaded {
public:
    /// One file of body signatures: "Name:target:*:hex" lines.
    explicit Loaded(std::string_view ndb) : Loaded("test.ndb", ndb) {}
    Loaded(const std::string& file, std::string_view text) {
        database.write(file, text);
        load();
    }
    void load() {
        settings.database = database.path();
        settings.scratch = scratch.path();
        auto loaded = analyzers::ClamavEngine::load(settings);
        ASSERT_TRUE(loaded) << loaded.error().file << ": " << loaded.error().message;
        engine = std::move(loaded).value();
    }
    [[nodiscard]] analyzers::Analysis examine(std::string_view bytes,
                                              std::string_view type = "data",
                                              bool taken_apart = false) const {
        analyzers::Artifact artifact{};
        artifact.bytes = as_bytes(bytes);
        artifact.type = type;
        artifact.taken_apart = taken_apart;
        analyzers::Analysis analysis;
        engine->examine(artifact, analyzers::Budget(analyzers::Limits{}), analysis);
        return analysis;
    }

    Folder database;
    Folder scratch;
    analyzers::ClamavSettings settings;
    std::unique_ptr<analyzers::ClamavEngine> engine;
};

}  // namespace postern::testing_support
