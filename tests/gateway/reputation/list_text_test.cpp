#include "gateway/reputation/lists/list_text.hpp"

#include <gtest/gtest.h>

#include "gateway/reputation/lists/list_file.hpp"

namespace postern::reputation {
namespace {

struct Read {
    std::vector<std::string> entries;
    ListTally tally;
};

Read read(std::string_view text, const ListFormat& format, const ListBounds& bounds) {
    Read result;
    ListSet probe;
    result.tally = read_list(text, format, bounds, [&](std::string_view entry) {
        if (!probe.add(format.kind, entry)) return false;
        result.entries.emplace_back(entry);
        return true;
    });
    return result;
}

ListFormat csv(std::uint32_t column, EntryKind kind, bool header = false, char separator = ',') {
    ListFormat format;
    format.syntax = ListSyntax::Csv;
    format.kind = kind;
    format.column = column;
    format.header = header;
    format.separator = separator;
    return format;
}

ListFormat simple(ListSyntax syntax, EntryKind kind, const std::string& field = "") {
    ListFormat format;
    format.syntax = syntax;
    format.kind = kind;
    format.field = field;
    return format;
}

TEST(ListText, TakesEntriesOutOfEverySyntax) {
    const ListFormat plain = simple(ListSyntax::Plain, EntryKind::Domain);
    const ListFormat hosts = simple(ListSyntax::Hosts, EntryKind::Domain);
    using Entries = std::vector<std::string>;
    const struct {
        const char* title;
        ListFormat format;
        std::string_view text;
        Entries entries;
        std::size_t bad;
    } cases[] = {
        {"one a line", plain, "a.example\nb.example\n", {"a.example", "b.example"}, 0},
        {"CR LF and no end of line at the end",
         plain,
         "a.example\r\nb.example",
         {"a.example", "b.example"},
         0},
        {"comments and blanks",
         plain,
         "# x\n; y\n\n  a.example  # z\nb.example ; SBL1\n\t\n",
         {"a.example", "b.example"},
         0},
        {"byte order mark",
         plain,
         "\xEF\xBB\xBF"
         "a.example\n",
         {"a.example"},
         0},
        {"a sign inside is no comment",
         simple(ListSyntax::Plain, EntryKind::Url),
         "http://a.example/x#y\n",
         {"http://a.example/x#y"},
         0},
        {"two words are no entry", plain, "a.example b.example\n", {}, 1},
        {"HTML", plain, "<!DOCTYPE html>\n<html>\n<title>Hello</title>\n", {}, 3},
        {"control characters", plain, "a.exa\x01mple\nb.example\n", {"b.example"}, 1},
        {"NUL", plain, std::string_view("a.example\0x\n", 12), {}, 1},
        {"hosts",
         hosts,
         "127.0.0.1 localhost\n0.0.0.0 a.example b.example # c\n::1 ip6-localhost\n",
         {"a.example", "b.example"},
         0},
        {"hosts with the address as name",
         hosts,
         "0.0.0.0 0.0.0.0\n0.0.0.0\ta.example\n",
         {"a.example"},
         0},
        {"hosts with a zone", hosts, "fe80::1%lo0 localhost\n", {}, 0},
        {"hosts without an address", hosts, "a.example b.example\n0.0.0.0\n", {}, 2},
        {"csv as URLhaus writes it",
         csv(3, EntryKind::Url),
         "# abuse.ch\r\n# id,dateadded,url\r\n\"1\",\"2026-11-24 "
         "10:00:00\",\"http://a.example/x,y\",\"online\"\r\n",
         {"http://a.example/x,y"},
         0},
        {"csv with a header",
         csv(2, EntryKind::Domain, true),
         "id,domain\n1,a.example\n2, b.example \n",
         {"a.example", "b.example"},
         0},
        {"csv with quotes inside",
         csv(2, EntryKind::Domain),
         "\"say \"\"hi\"\", x\",a.example\n",
         {"a.example"},
         0},
        {"csv with another separator",
         csv(2, EntryKind::Ip, false, ';'),
         "1;192.0.2.0/24\n",
         {"192.0.2.0/24"},
         0},
        {"csv with tabs", csv(2, EntryKind::Ip, false, '\t'), "1\t192.0.2.1\n", {"192.0.2.1"}, 0},
        {"csv without that column", csv(4, EntryKind::Domain), "1,a.example\n", {}, 1},
        {"csv with a quote that does not end", csv(1, EntryKind::Domain), "\"a.example\n", {}, 1},
        {"csv with text behind a quote", csv(1, EntryKind::Domain), "\"a.example\"x,1\n", {}, 1},
        {"csv with an empty last column", csv(2, EntryKind::Domain), "1,\n", {}, 1},
        {"JSON lines",
         simple(ListSyntax::JsonLines, EntryKind::Url, "url"),
         "{\"url\":\"http://a.example/\"}\n{\"x\":1}\n[]\n{\n",
         {"http://a.example/"},
         3},
        {"JSON member of a member",
         simple(ListSyntax::JsonLines, EntryKind::Domain, "a.b"),
         "{\"a\":{\"b\":\"c.example\"}}\n",
         {"c.example"},
         0},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const Read result = read(c.text, c.format, {1000, 1000});
        EXPECT_EQ(result.entries, c.entries);
        EXPECT_EQ(result.tally.bad, c.bad);
        EXPECT_EQ(result.tally.entries, c.entries.size());
        EXPECT_FALSE(result.tally.stopped);
    }
}

TEST(ListText, StopsBeyondItsBounds) {
    const ListFormat plain = simple(ListSyntax::Plain, EntryKind::Domain);
    EXPECT_FALSE(read("?\n?\na.example\n", plain, {2, 10}).tally.stopped);
    EXPECT_TRUE(read("?\n?\n?\na.example\n", plain, {2, 10}).tally.stopped);
    EXPECT_FALSE(read("a.example\nb.example\n", plain, {0, 2}).tally.stopped);
    EXPECT_TRUE(read("a.example\nb.example\nc.example\n", plain, {0, 2}).tally.stopped);
    const std::string longest = std::string(kMaxLine - 10, ' ') + "a.example\n";
    EXPECT_EQ(read(longest, plain, {}).tally.bad, 0U);
    EXPECT_EQ(read("  " + longest, plain, {}).tally.bad, 1U);
}

TEST(ListText, ADeepJsonLineIsABadLine) {
    const std::string deep = "{\"url\":\"http://a.example/\",\"x\":" + std::string(8000, '[') +
                             std::string(8000, ']') + "}\n";
    EXPECT_EQ(read(deep, simple(ListSyntax::JsonLines, EntryKind::Url, "url"), {5, 5}).tally.bad,
              1U);
}

TEST(ListFile, NamesTheFirstBadLine) {
    const auto result = parse_list("# ok\na.example\nnot one\n?\n", "/etc/list",
                                   simple(ListSyntax::Plain, EntryKind::Domain));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), "/etc/list:3: is no entry of this kind of list");
}

}  // namespace
}  // namespace postern::reputation
