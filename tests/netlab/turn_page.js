// Two connections of one page that may meet at the TURN server only: opens data and sound, answers what was seen.
async (iceServers) => {
  const config = { iceServers, iceTransportPolicy: 'relay' };
  const near = new RTCPeerConnection(config);
  const far = new RTCPeerConnection(config);
  const candidates = [];
  near.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate) candidates.push(candidate.candidate);
    void far.addIceCandidate(candidate ?? undefined);
  };
  far.onicecandidate = ({ candidate }) => void near.addIceCandidate(candidate ?? undefined);
  const failed = [];
  near.onicecandidateerror = ({ errorCode, errorText }) => failed.push(`${errorCode} ${errorText}`);
  try {
    const [here, there] = [near, far].map((peer) => peer.createDataChannel('sync', { negotiated: true, id: 0 }));
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const out = audio.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    for (const track of out.stream.getTracks()) near.addTrack(track, out.stream);
    const echoed = new Promise((resolve) => {
      there.onmessage = ({ data }) => there.send(data);
      here.onmessage = ({ data }) => resolve(data);
      here.onopen = () => here.send('through the server');
    });
    const gaveUp = new Promise((resolve) => {
      setTimeout(resolve, 12_000, null);
      near.onicegatheringstatechange = () => {
        if (near.iceGatheringState === 'complete' && candidates.length === 0) resolve(null);
      };
    });
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
    const data = await Promise.race([echoed, gaveUp]);
    const heard = async () => {
      const found = [...(await far.getStats()).values()].find(({ type }) => type === 'inbound-rtp');
      return found?.packetsReceived ?? 0;
    };
    for (let look = 0; data !== null && look < 100 && (await heard()) < 20; look++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const stats = await near.getStats();
    const { selectedCandidatePairId } = [...stats.values()].find(({ type }) => type === 'transport') ?? {};
    const { localCandidateId } = stats.get(selectedCandidatePairId) ?? {};
    const { candidateType, relayProtocol } = stats.get(localCandidateId) ?? {};
    return { data, packets: await heard(), candidateType, relayProtocol, candidates, failed };
  } finally {
    near.close();
    far.close();
  }
};
