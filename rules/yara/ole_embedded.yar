rule Postern_OLE_Embedded_Program
{
    meta:
        description = "A document carries a program or script as an embedded object."
        severity = "high"
        score = 8
        class = "malware"
        attack = "T1204.002 T1027.009"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $native = "Ole10Native" wide
        $dos = "This program cannot be run in DOS mode" ascii
        $dos2 = "This program must be run under Win32" ascii
        $name = /[A-Za-z0-9_ .()-]{1,60}\.(exe|scr|com|pif|js|jse|vbs|vbe|wsf|hta|lnk|ps1|bat|cmd|cpl|msi)\x00/ nocase
        $folder = /\x00[A-Z]:\\[ -~]{1,200}\.(exe|scr|com|pif|js|jse|vbs|vbe|wsf|hta|lnk|ps1|bat|cmd|cpl|msi)\x00/ nocase
    condition:
        uint32(0) == 0xe011cfd0 and filesize < 50MB and $native and
        (any of ($dos*) or ($name and $folder))
}
