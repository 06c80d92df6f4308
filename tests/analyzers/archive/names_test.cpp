#include <gtest/gtest.h>

#include "analyzers/archive/unpacking.hpp"

namespace postern::analyzers {
namespace {

TEST(MemberNames, TellWhatTheyTry) {
    struct Case {
        const char* name;
        bool leaves_folder, alternate_stream, hides_itself, double_extension;
    };
    const Case cases[] = {
        {"report.pdf", false, false, false, false},
        {"folder with blanks/report v1.2.pdf", false, false, false, false},
        {"archive.tar.gz", false, false, false, false},
        {"setup.exe", false, false, false, false},
        {"../../etc/passwd", true, false, false, false},
        {"a/../../b", true, false, false, false},
        {"..\\..\\win.ini", true, false, false, false},
        {"a..b/c..d", false, false, false, false},
        {"/abs/x", true, false, false, false},
        {"\\\\host\\share", true, false, false, false},
        {"C:\\x", true, false, false, false},
        {"c:/x", true, false, false, false},
        {"x.txt:ads.exe", false, true, false, false},
        {"a\xe2\x80\xaegpj.exe", false, false, true, false},
        {"a\xe2\x80\x8b.txt", false, false, true, false},
        {"a\nb", false, false, true, false},
        {"\xd9\x85\xd9\x84\xd9\x81.pdf", false, false, false, false},  // Arabic
        {"invoice.pdf.exe", false, false, false, true},
        {"invoice.PDF      .ScR", false, false, false, true},
        {"invoice.pdf.exe. ", false, false, false, true},
        {"lure.pdf /lure.pdf .cmd", false, false, false, true},
        {"notes.v2.exe", false, false, false, false},
        {"photo.jpg.txt", false, false, false, false},
        {"", false, false, false, false},
        {".", false, false, false, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const NameTraits traits = name_traits(c.name);
        EXPECT_EQ(traits.leaves_folder, c.leaves_folder);
        EXPECT_EQ(traits.alternate_stream, c.alternate_stream);
        EXPECT_EQ(traits.hides_itself, c.hides_itself);
        EXPECT_EQ(traits.double_extension, c.double_extension);
    }
}

}  // namespace
}  // namespace postern::analyzers
