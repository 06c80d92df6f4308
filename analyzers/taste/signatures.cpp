#include "analyzers/taste/signatures.hpp"

#include <array>

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

// Weak ones (two bytes) are not here: binary_kinds.cpp looks at the structure behind them.
// clang-format off
constexpr std::array kSignatures = {
    // Archives and filters.
    Signature{0, "PK\3\4"sv, "zip"}, Signature{0, "PK\5\6"sv, "zip"}, Signature{0, "PK\7\x08PK\3\4"sv, "zip"},
    Signature{0, "PK00PK\3\4"sv, "zip"}, Signature{0, "7z\xbc\xaf\x27\x1c"sv, "7z"},
    Signature{0, "Rar!\x1a\x07\x00"sv, "rar"}, Signature{0, "Rar!\x1a\x07\x01\x00"sv, "rar"},
    Signature{0, "RE~^"sv, "rar"}, Signature{0, "MSCF\0\0\0\0"sv, "cab"}, Signature{0, "ISc("sv, "installshield"},
    Signature{0, "\x1f\x8b\x08"sv, "gzip"}, Signature{0, "\xfd""7zXZ\0"sv, "xz"},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "zstd"}, Signature{0, "\x04\x22\x4d\x18"sv, "lz4"},
    Signature{0, "\x02\x21\x4c\x18"sv, "lz4"}, Signature{0, "LZIP"sv, "lzip"},
    Signature{0, "\x89LZO\0\r\n\x1a\n"sv, "lzop"}, Signature{0, "!<arch>\n"sv, "ar"},
    Signature{0, "070701"sv, "cpio"}, Signature{0, "070702"sv, "cpio"}, Signature{0, "070707"sv, "cpio"},
    Signature{0, "xar!"sv, "xar"}, Signature{7, "**ACE**"sv, "ace"}, Signature{0, "MSWIM\0\0\0"sv, "wim"},
    Signature{0, "ALZ\x01"sv, "alz"}, Signature{0, "EGGA"sv, "egg"}, Signature{0, "\xed\xab\xee\xdb"sv, "rpm"},
    Signature{0, "SZDD\x88\xf0\x27\x33"sv, "szdd"}, Signature{0, "KWAJ\x88\xf0\x27\xd1"sv, "szdd"},
    Signature{257, "ustar"sv, "tar"},
    // Images of disks.
    Signature{0x8001, "CD001"sv, "iso"}, Signature{0x8801, "CD001"sv, "iso"}, Signature{0x8001, "BEA01"sv, "udf"},
    Signature{0x8801, "NSR0"sv, "udf"}, Signature{0, "vhdxfile"sv, "vhdx"}, Signature{0, "conectix"sv, "vhd"},
    Signature{0, "KDMV"sv, "vmdk"}, Signature{0, "# Disk DescriptorFile"sv, "vmdk"}, Signature{0, "QFI\xfb"sv, "qcow"},
    // Documents and mail.
    Signature{0, "%PDF-"sv, "pdf"}, Signature{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, "ole"},
    Signature{0, "{\\rt"sv, "rtf"}, Signature{0, "\x78\x9f\x3e\x22"sv, "tnef"}, Signature{0, "!BDN"sv, "pst"},
    Signature{0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"sv, "onenote"},
    Signature{0, "\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f"sv, "onenote"},
    Signature{0, "ITSF\3\0\0\0"sv, "chm"}, Signature{0, "AT&TFORM"sv, "djvu"}, Signature{0, "%!PS"sv, "postscript"},
    Signature{0, "\xc5\xd0\xd3\xc6"sv, "postscript"},
    // What runs.
    Signature{0, "\x7f""ELF"sv, "elf"}, Signature{0, "\xfe\xed\xfa\xce"sv, "macho"},
    Signature{0, "\xfe\xed\xfa\xcf"sv, "macho"}, Signature{0, "\xce\xfa\xed\xfe"sv, "macho"},
    Signature{0, "\xcf\xfa\xed\xfe"sv, "macho"}, Signature{0, "dex\n0"sv, "dex"}, Signature{0, "\0asm"sv, "wasm"},
    Signature{0, "L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"sv, "lnk"},
    Signature{0, "FWS"sv, "swf"}, Signature{0, "CWS"sv, "swf"}, Signature{0, "ZWS"sv, "swf"},
    Signature{0, "Cr24"sv, "crx"}, Signature{0, "#@~^"sv, "encoded-script"},
    Signature{0, "\xac\xed\0\x05"sv, "java-serialized"},
    // Pictures, sound, fonts, the rest.
    Signature{0, "\x89PNG\r\n\x1a\n"sv, "png"}, Signature{0, "\xff\xd8\xff"sv, "jpeg"},
    Signature{0, "GIF87a"sv, "gif"}, Signature{0, "GIF89a"sv, "gif"}, Signature{0, "II*\0"sv, "tiff"},
    Signature{0, "MM\0*"sv, "tiff"}, Signature{0, "8BPS\0\x01"sv, "psd"}, Signature{40, " EMF"sv, "emf"},
    Signature{0, "\xd7\xcd\xc6\x9a"sv, "wmf"}, Signature{0, "\0\0\0\x0cjP  \r\n\x87\n"sv, "jp2"},
    Signature{0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "jxl"}, Signature{128, "DICM"sv, "dicom"}, Signature{0, "ID3"sv, "mp3"},
    Signature{0, "OggS\0"sv, "ogg"}, Signature{0, "fLaC"sv, "flac"}, Signature{0, "MThd\0\0\0\6"sv, "midi"},
    Signature{0, "\x1a\x45\xdf\xa3"sv, "matroska"}, Signature{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv, "asf"},
    Signature{0, "\0\0\x01\xba"sv, "mpeg"}, Signature{0, "\0\0\x01\xb3"sv, "mpeg"}, Signature{0, "FLV\x01"sv, "flv"},
    Signature{0, "OTTO\0"sv, "otf"}, Signature{0, "wOFF"sv, "woff"}, Signature{0, "wOF2"sv, "woff"},
    Signature{0, "SQLite format 3\0"sv, "sqlite"}, Signature{0, "\xd4\xc3\xb2\xa1"sv, "pcap"},
    Signature{0, "\xa1\xb2\xc3\xd4"sv, "pcap"}, Signature{0, "\n\r\r\n"sv, "pcap"}, Signature{0, "ElfFile\0"sv, "evtx"},
    Signature{0, "regf"sv, "regf"}, Signature{0, "d8:announce"sv, "torrent"}, Signature{4, "Standard Jet DB"sv, "access"},
    Signature{4, "Standard ACE DB"sv, "access"}, Signature{0, "bplist00"sv, "bplist"},
};
// clang-format on

}  // namespace

std::span<const Signature> signatures() {
    return kSignatures;
}

}  // namespace postern::analyzers
