rule Postern_LNK_Starts_Interpreter
{
    meta:
        description = "A shortcut starts a command interpreter or another program that runs scripts."
        severity = "high"
        score = 8
        class = "malware"
        attack = "T1204.002 T1059"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $p1 = "powershell" ascii wide nocase
        $p2 = "mshta" ascii wide nocase fullword
        $p3 = "wscript" ascii wide nocase fullword
        $p4 = "cscript" ascii wide nocase fullword
        $p5 = "regsvr32" ascii wide nocase fullword
        $p6 = "rundll32" ascii wide nocase fullword
        $p7 = "certutil" ascii wide nocase fullword
        $p8 = "bitsadmin" ascii wide nocase fullword
        $p9 = "cmd.exe" ascii wide nocase
        $a1 = "http://" ascii wide nocase
        $a2 = "https://" ascii wide nocase
        $a3 = "-enc" ascii wide nocase
        $a4 = "-w hidden" ascii wide nocase
        $a5 = "/c " ascii wide nocase
        $a6 = "javascript:" ascii wide nocase
        $a7 = "\\\\" ascii wide
        $a8 = "-windowstyle" ascii wide nocase
        $a9 = ".dll," ascii wide nocase
    condition:
        uint32(0) == 0x4c and uint32(4) == 0x00021401 and filesize < 5MB and
        any of ($p*) and any of ($a*)
}
