/// @file Scripts: by their first line, by their words, by a name that makes Windows run them.

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"
#include "analyzers/taste/kinds.hpp"
#include "analyzers/taste/text_kinds.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

struct Row {
    std::string_view key;
    std::string_view type;
};

// clang-format off
// What Windows runs, or opens, by the name alone.
constexpr std::array kExtensions = {
    Row{"js", "javascript"}, Row{"mjs", "javascript"}, Row{"jse", "javascript"}, Row{"vbs", "vbscript"},
    Row{"vbe", "vbscript"}, Row{"vba", "vbscript"}, Row{"bas", "vbscript"}, Row{"ps1", "powershell"},
    Row{"psm1", "powershell"}, Row{"bat", "bat"}, Row{"cmd", "bat"}, Row{"py", "python"}, Row{"pyw", "python"},
    Row{"sh", "shell"}, Row{"hta", "hta"}, Row{"wsf", "wsf"}, Row{"sct", "sct"}, Row{"iqy", "iqy"}, Row{"url", "url"},
    Row{"scf", "scf"}, Row{"inf", "inf"}, Row{"rdp", "rdp"}, Row{"slk", "slk"}, Row{"csv", "csv"}, Row{"css", "css"},
};
constexpr std::array kInterpreters = {
    Row{"python", "python"}, Row{"perl", "perl"}, Row{"php", "php"}, Row{"node", "javascript"},
    Row{"pwsh", "powershell"}, Row{"bash", "shell"}, Row{"/sh", "shell"}, Row{"dash", "shell"}, Row{"zsh", "shell"},
    Row{"env sh", "shell"}, Row{"ksh", "shell"},
};
// Words, in lower case; kWordsNeeded different ones of one language name it. Ordinary prose and
// quoted mail should not reach that, so words that people write are not here.
constexpr std::array kWords = {
    Row{"activexobject", "javascript"}, Row{"wscript.createobject", "javascript"}, Row{"wscript.echo", "javascript"},
    Row{"function(", "javascript"}, Row{"function (", "javascript"}, Row{"string.fromcharcode", "javascript"},
    Row{"document.write", "javascript"}, Row{"unescape(", "javascript"}, Row{"eval(", "javascript"},
    Row{"parseint(", "javascript"}, Row{"var ", "javascript"}, Row{".charcodeat(", "javascript"},
    Row{"addeventlistener(", "javascript"}, Row{"window.location", "javascript"}, Row{"console.log(", "javascript"},
    Row{"});", "javascript"}, Row{"=== ", "javascript"}, Row{"require(", "javascript"},
    Row{"createobject(", "vbscript"}, Row{"on error resume next", "vbscript"}, Row{"end sub", "vbscript"},
    Row{"end function", "vbscript"}, Row{"wscript.shell", "vbscript"}, Row{"msgbox", "vbscript"}, Row{"\ndim ", "vbscript"},
    Row{"executeglobal", "vbscript"}, Row{"\nset ", "vbscript"}, Row{" & chr(", "vbscript"}, Row{"attribute vb_name", "vbscript"},
    Row{"invoke-expression", "powershell"}, Row{"new-object ", "powershell"}, Row{"downloadstring", "powershell"},
    Row{"downloadfile", "powershell"}, Row{"[system.", "powershell"}, Row{"write-host", "powershell"}, Row{"$env:", "powershell"},
    Row{"-executionpolicy", "powershell"}, Row{"invoke-webrequest", "powershell"}, Row{"start-process", "powershell"},
    Row{"frombase64string", "powershell"}, Row{"out-null", "powershell"}, Row{"set-itemproperty", "powershell"}, Row{"-encodedcommand", "powershell"},
    Row{"@echo off", "bat"}, Row{"\nrem ", "bat"}, Row{"%~dp0", "bat"}, Row{"goto :", "bat"}, Row{"goto eof", "bat"},
    Row{"%appdata%", "bat"}, Row{"%temp%", "bat"}, Row{"start /b", "bat"}, Row{"setlocal", "bat"}, Row{"if not exist ", "bat"},
    Row{"cmd /c", "bat"}, Row{"exit /b", "bat"}, Row{"set /a", "bat"}, Row{"if errorlevel", "bat"},
    Row{"\nimport ", "python"}, Row{"\ndef ", "python"}, Row{"if __name__", "python"}, Row{"\n    return ", "python"}, Row{"    print(", "python"},
};
// clang-format on
constexpr std::size_t kWordsNeeded = 3;
constexpr std::size_t kLooked = std::size_t{8} << 10;

std::string_view by_words(std::string_view text) {
    std::string_view best = kData;
    std::size_t most = 0;
    for (std::size_t i = 0; i < kWords.size();) {
        const std::string_view type = kWords.at(i).type;
        std::size_t found = 0;
        for (; i < kWords.size() && kWords.at(i).type == type; ++i) {
            found += text.find(kWords.at(i).key) != std::string_view::npos ? 1U : 0U;
        }
        if (found >= kWordsNeeded && found > most) {
            most = found;
            best = type;
        }
    }
    return best;
}

}  // namespace

std::string_view script_kind(std::string_view head, std::string_view name) {
    const std::string extension = extension_of(name);
    for (const Row& row : kExtensions) {
        if (extension == row.key) return row.type;
    }
    // A line feed in front, so that words at the start of a line are found in the first one too.
    const std::string text = "\n" + ascii_lower(head.substr(0, kLooked));
    if (text.starts_with("\n#!")) {
        const std::string_view line = std::string_view(text).substr(0, text.find('\n', 1));
        for (const Row& row : kInterpreters) {
            if (line.find(row.key) != std::string_view::npos) return row.type;
        }
        return "shell";
    }
    if (text.starts_with("\n<?php")) return "php";
    if (text.starts_with("\n@echo off") || text.starts_with("\n@powershell")) return "bat";
    return by_words(text);
}

}  // namespace postern::analyzers
