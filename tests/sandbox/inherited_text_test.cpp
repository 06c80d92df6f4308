#include "sandbox/inherited_text.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include "sandbox/descriptor.hpp"
#include "sandbox/policy.hpp"

namespace postern::sandbox {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPages = 512;

/// A file mapped as program text is. Each page holds its number.
class Text {
public:
    Text() : file_(::memfd_create("text", MFD_CLOEXEC)) {
        for (std::size_t i = 0; i < kPages; ++i) {
            const std::string page(kPage, static_cast<char>('a' + i % 26));
            if (::write(file_.get(), page.data(), kPage) != static_cast<ssize_t>(kPage)) return;
        }
        at_ = ::mmap(nullptr, kPages * kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE, file_.get(), 0);
    }
    ~Text() { ::munmap(at_, kPages * kPage); }
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;

    /// Reads each page; false if one is not what it was.
    [[nodiscard]] bool read() const {
        const volatile char* bytes = static_cast<const char*>(at_);
        for (std::size_t i = 0; i < kPages; ++i) {
            if (bytes[i * kPage] != static_cast<char>('a' + i % 26)) return false;
        }
        return true;
    }

private:
    Descriptor file_;
    void* at_ = nullptr;
};

long faults() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/// Faults of a child that reads the text; -1: it read something else.
int faults_of_a_child(const Text& text) {
    const pid_t child = ::fork();
    if (child == 0) {
        (void)faults();  // what counting itself faults is not counted
        const long before = faults();
        const bool right = text.read();
        const long count = faults() - before;
        ::_exit(right && count < 255 ? static_cast<int>(count) : 255);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const int count = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    return count == 255 ? -1 : count;
}

TEST(InheritedText, AChildFindsMappedWhatTheRehearsalUsed) {
    if (kSanitized) GTEST_SKIP() << "does nothing in sanitizer builds";
    const Text text;
    ASSERT_TRUE(text.read());
    const int before = faults_of_a_child(text);
    ASSERT_GE(before, 8) << "this kernel maps files at fork, or in very large pieces";
    forget_text();
    const long forgotten = faults();
    ASSERT_TRUE(text.read());
    EXPECT_GE(faults() - forgotten, 8) << "nothing was forgotten";
    pass_on_text();
    const int after = faults_of_a_child(text);
    ASSERT_GE(after, 0);
    if (after >= before) GTEST_SKIP() << "this kernel does not let /proc/self/mem be written";
    EXPECT_LE(after, 2);
}

}  // namespace
}  // namespace postern::sandbox
