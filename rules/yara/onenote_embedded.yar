rule Postern_OneNote_Embedded_Program
{
    meta:
        description = "A OneNote section carries a program or script behind its pictures."
        severity = "critical"
        score = 10
        class = "malware"
        attack = "T1204.002"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        // FileDataStoreObject: its identifier, the length in eight bytes, twelve unused ones.
        $program = { e7 16 e3 bd 65 26 11 45 a4 c4 8d 4d 0b 7a 9e ac [20] 4d 5a }
        $link    = { e7 16 e3 bd 65 26 11 45 a4 c4 8d 4d 0b 7a 9e ac [20] 4c 00 00 00 01 14 02 00 }
        $file    = { e7 16 e3 bd 65 26 11 45 a4 c4 8d 4d 0b 7a 9e ac }
        $name = /[A-Za-z0-9_ -]{1,60}\.(exe|js|jse|vbs|vbe|wsf|hta|lnk|ps1|bat|cmd|cpl|chm)/ wide nocase
        $word1 = "WScript.Shell" ascii nocase
        $word2 = "<script" ascii nocase
        $word3 = "powershell" ascii nocase
        $word4 = "<hta:application" ascii nocase
        $word5 = "@echo off" ascii nocase
        $word6 = "CreateObject(" ascii nocase
    condition:
        uint32be(0) == 0xe4525c7b and
        ($program or $link or ($file and ($name or any of ($word*))))
}
