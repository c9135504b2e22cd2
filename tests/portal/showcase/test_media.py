"""Voices and pictures: heard and seen only when somebody speaks, and encoded as a browser would."""

import av
import numpy as np

from portal.showcase.avatar import HEIGHT_PX, WIDTH_PX, Avatar, Look
from portal.showcase.tracks import FRAMES_A_SECOND, encode_camera, encode_voice
from portal.showcase.voice import RATE_HZ, mouth_open, syllables, synthesise
from recorder.frames import opus_duration, vp8_is_keyframe, vp8_size

SPEECH = [(500, 2000), (3000, 3600)]


def test_a_voice_is_soft_and_silent_outside_its_speech() -> None:
    samples = synthesise(syllables(SPEECH, 200.0, 1), 4000, 1)
    assert len(samples) == 4 * RATE_HZ
    assert 0.05 < float(np.max(np.abs(samples))) < 0.2
    loud = np.abs(samples) > 1e-4
    inside = np.zeros(len(samples), dtype=bool)
    for from_ms, to_ms in SPEECH:
        inside[from_ms * RATE_HZ // 1000 : to_ms * RATE_HZ // 1000] = True
    assert not np.any(loud & ~inside)
    assert np.mean(loud[inside]) > 0.5


def test_the_same_seed_speaks_the_same() -> None:
    assert syllables(SPEECH, 200.0, 4) == syllables(SPEECH, 200.0, 4) != syllables(SPEECH, 200.0, 5)


def test_the_mouth_moves_with_the_voice() -> None:
    spoken = syllables(SPEECH, 200.0, 1)
    assert mouth_open(spoken, 100) == 0
    assert max(mouth_open(spoken, t_ms) for t_ms in range(500, 2000, 20)) > 0.4


def test_opus_packets_of_20_ms_without_a_hole() -> None:
    frames = list(encode_voice(syllables(SPEECH, 200.0, 1), 4000, 1))
    assert [frame.t_ms for frame in frames] == list(range(0, 4000, 20))
    assert all(opus_duration(frame.data) == 960 for frame in frames)


def test_vp8_begins_with_a_keyframe_of_the_right_size() -> None:
    frames = list(encode_camera(Look("MT", "#1f7a63", 0), syllables(SPEECH, 200.0, 1), 1000))
    assert len(frames) == FRAMES_A_SECOND
    assert vp8_is_keyframe(frames[0].data) and vp8_size(frames[0].data) == (WIDTH_PX, HEIGHT_PX)
    assert [frame.keyframe for frame in frames] == [True] + [False] * (FRAMES_A_SECOND - 1)


def test_the_picture_moves_and_carries_the_colour() -> None:
    avatar = Avatar(Look("LN", "#c2571a", 1))
    quiet, speaking, later = avatar.frame(1.0, 0.0), avatar.frame(1.0, 0.9), avatar.frame(2.5, 0.0)
    assert quiet.shape == (HEIGHT_PX, WIDTH_PX, 4)
    assert np.any(quiet != speaking) and np.any(quiet != later)
    shirt = quiet[HEIGHT_PX - 4, WIDTH_PX // 2 - 60 : WIDTH_PX // 2 + 60, :3]
    assert np.all(np.median(shirt, axis=0) == [0x1A, 0x57, 0xC2])


def test_pictures_decode() -> None:
    frames = list(encode_camera(Look("MT", "#1f7a63", 0), [], 400))
    decoder = av.VideoCodecContext.create("libvpx", "r")
    pictures = [picture for frame in frames for picture in decoder.decode(av.Packet(frame.data))]
    assert len(pictures) == len(frames)
