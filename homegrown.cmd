@echo off
rem Builds Release when sources changed since the last build, then runs the program: its arguments, its exit code.
setlocal
set "root=%~dp0"
set "program=%root%src\Homegrown.Cli\bin\Release\net10.0\homegrown.exe"
set "state=%root%artifacts\launcher"

call :is_current && goto start
where dotnet >nul 2>nul
if errorlevel 1 (
    echo homegrown: needs the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0 1>&2
    exit /b 1
)
if not exist "%state%" mkdir "%state%"
echo building (once, until sources change) ... 1>&2

rem One build at a time: whoever holds the file open builds; the system closes it when its holder ends.
:acquire
set "built="
2>nul (
    9>"%state%\lock" call :build
)
if "%built%"=="0" goto start
if defined built (
    type "%state%\build.log" 1>&2
    exit /b 1
)
ping -n 2 127.0.0.1 >nul
call :is_current && goto start
goto acquire

:start
"%program%" %*
exit /b %errorlevel%

rem The state folder has a copy of the sources as they were built: robocopy returns 0 when there is nothing to copy anew.
:is_current
if not exist "%program%" exit /b 1
robocopy "%root%src" "%state%\src" /MIR /L /XD bin obj /NJH /NJS /NDL /NFL >nul
exit /b %errorlevel%

:build
robocopy "%root%src" "%state%\src" /MIR /XD bin obj /NJH /NJS /NDL /NFL >nul
dotnet build "%root%src\Homegrown.Cli" -c Release -v quiet --nologo >"%state%\build.log" 2>&1
set "built=%errorlevel%"
if not "%built%"=="0" rmdir /s /q "%state%\src"
exit /b %built%
